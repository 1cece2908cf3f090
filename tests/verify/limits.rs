//! How much a host gets: requests at a time for one and for all, an end for each, waits that grow, and no more at all
//! for one that is not there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use unleak::finding::{State, Verification};
use unleak::progress::Progress;
use unleak::rule::RuleSet;
use unleak::secret::Secret;
use unleak::verify::question::Question;
use unleak::verify::run;
use unleak::verify::settings::Settings;

use super::provider::{Manner, Provider, answer};

/// So many questions about tokens of as many kinds of provider.
fn questions(providers: usize, each: usize) -> Vec<Question> {
    let all = RuleSet::builtin();
    let rule = Arc::new(all.by_id("github-pat").unwrap().spec.clone().into_owned());
    let question = |provider: usize, n: usize| {
        let mut rule = rule.as_ref().clone();
        rule.provider = format!("lake-{provider}").into();
        Question { rule: Arc::new(rule), secret: Secret::new(format!("token{n:030}"), 0), parts: BTreeMap::new(), control: false }
    };
    (0..providers).flat_map(|provider| (0..each).map(move |n| (provider, n))).map(|(provider, n)| question(provider, n)).collect()
}

fn settings(providers: &[Provider]) -> Settings {
    let endpoints = providers.iter().enumerate().map(|(n, provider)| (format!("lake-{n}"), provider.url())).collect();
    Settings { endpoints, rate: 1_000_000, ..Settings::default() }
}

fn asked(questions: &[Question], settings: &Settings) -> Vec<Verification> {
    run::run(questions, settings, &Progress::new()).unwrap()
}

/// A manner that counts how many requests are under way, with the most of them.
fn counting(takes: Duration) -> (Manner, Arc<AtomicUsize>) {
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let peak = Arc::clone(&most);
    let manner: Manner = Arc::new(move |_| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(takes);
        now.fetch_sub(1, Ordering::SeqCst);
        answer(401, "{}")
    });
    (manner, peak)
}

#[test]
fn a_host_gets_four_at_a_time_and_all_together_64() {
    for (hosts, each, most) in [(1, 12, 4), (40, 4, 64)] {
        let (manner, peak) = counting(Duration::from_millis(200));
        let providers: Vec<Provider> = (0..hosts).map(|_| Provider::shared(Arc::clone(&manner))).collect();
        let verdicts = asked(&questions(hosts, each), &settings(&providers));
        assert!(verdicts.iter().all(|verdict| verdict.state == State::Dead), "{verdicts:?}");
        let peak = peak.load(Ordering::SeqCst);
        assert!(peak <= most && peak > most / 2, "{peak} at a time for {hosts} hosts");
    }
}

#[test]
fn a_host_that_takes_too_long_in_all_is_left_alone_and_holds_up_no_other() {
    let slow = Provider::new(|_| answer(401, "").after(Duration::from_millis(300)));
    let quick = Provider::new(|_| answer(401, ""));
    let providers = [slow, quick];
    let settings = Settings { host_deadline: Duration::from_millis(500), ..settings(&providers) };
    let begin = Instant::now();
    let verdicts = asked(&questions(2, 40), &settings);
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    let (slow, quick) = verdicts.split_at(40);
    let late = slow.iter().filter(|verdict| verdict.reason.contains("was up")).count();
    assert!(late >= 20 && slow.iter().any(|verdict| verdict.state == State::Dead), "{late}");
    assert!(slow.iter().all(|verdict| verdict.state == State::Dead || verdict.state == State::Unknown));
    assert!(quick.iter().all(|verdict| verdict.state == State::Dead));
}

#[test]
fn a_host_that_is_not_there_is_tried_three_times() {
    let gone = Provider::new(|_| answer(200, ""));
    let settings = Settings { endpoints: BTreeMap::from([("lake-0".to_owned(), gone.url())]), rate: 1_000_000, ..Settings::default() };
    drop(gone);
    std::thread::sleep(Duration::from_millis(50));
    let begin = Instant::now();
    let verdicts = asked(&questions(1, 30), &settings);
    assert!(verdicts.iter().all(|verdict| verdict.state == State::Unknown), "{verdicts:?}");
    let left = verdicts.iter().filter(|verdict| verdict.reason.contains("not reached 3 times in a row")).count();
    assert!(left >= 20 && begin.elapsed() < Duration::from_secs(5), "{left} {:?}", begin.elapsed());
}

#[test]
fn waits_grow_where_the_host_names_none() {
    let provider = Provider::new(|_| answer(503, ""));
    let verdicts = asked(&questions(1, 1), &settings(std::slice::from_ref(&provider)));
    assert!(verdicts[0].state == State::Unknown && verdicts[0].reason.contains("503"), "{verdicts:?}");
    let heard = provider.heard();
    assert_eq!(heard.len(), 3, "asked again twice");
    let gaps = [heard[1].when - heard[0].when, heard[2].when - heard[1].when];
    assert!(gaps[0] >= Duration::from_millis(450) && gaps[1] >= Duration::from_millis(950), "{gaps:?}");
}
