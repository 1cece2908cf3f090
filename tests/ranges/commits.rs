//! Which commits: compared with `git rev-list`.

use std::collections::BTreeSet;

use unleak::error::Kind;
use unleak::source::git::revisions::{Wanted, parse_since};

use super::support::{Dice, TestRepo, range};

/// A history with merges, equal dates and dates that run backwards. Branch `cN` is its Nth commit.
fn history(dice: &mut Dice, commits: usize, skew: usize) -> TestRepo {
    let repo = TestRepo::new();
    let mut script = String::new();
    for number in 0..commits {
        let date = 1_600_000_000 + (number / 3 * 60 + dice.below(skew + 1)) as u64;
        script += &format!("commit refs/heads/c{number}\nmark :{}\n", number + 1);
        script += &format!("author A <a@b> {date} +0000\ncommitter A <a@b> {date} +0000\ndata 2\nm\n\n");
        if number > 0 && dice.below(12) > 0 {
            let near = |dice: &mut Dice| number - dice.below(number.min(5));
            let first = near(dice);
            script += &format!("from :{first}\n");
            let mut others = BTreeSet::new();
            while dice.below(3) == 0 {
                others.insert(near(dice));
            }
            others.remove(&first);
            others.iter().for_each(|other| script += &format!("merge :{other}\n"));
        }
        script += &format!("M 100644 inline f\ndata {}\n{number}\n\n", number.to_string().len());
    }
    repo.import(&script);
    repo.git(&["symbolic-ref", "HEAD", &format!("refs/heads/c{}", commits - 1)]);
    repo
}

#[test]
fn a_range_is_what_git_says() {
    for (seed, skew) in [(1, 0), (2, 30), (3, 200), (4, 3000), (5, 100_000), (6, 60)] {
        let mut dice = Dice(seed * 7919);
        let repo = history(&mut dice, 45, skew);
        let opened = repo.opened();
        for _ in 0..12 {
            let (a, b) = (format!("c{}", dice.below(45)), format!("c{}", dice.below(45)));
            for dots in ["..", "..."] {
                let text = [a.as_str(), dots, b.as_str()].concat();
                let ours = opened.ids(&range(&text)).unwrap();
                let git = repo.lines(&["rev-list", "--date-order", &text]);
                let all = |rev: &str| repo.lines(&["rev-list", rev]).into_iter().collect::<BTreeSet<_>>();
                let (left, right) = (all(&a), all(&b));
                let exact: BTreeSet<_> = if dots == ".." { &right - &left } else { &right ^ &left };
                assert_eq!(ours.iter().cloned().collect::<BTreeSet<_>>(), exact, "{text} seed {seed}");
                // Where dates run far backwards git itself may err; where it does not, the order is its.
                if git.len() == exact.len() {
                    assert_eq!(ours, git, "{text} seed {seed}");
                }
            }
        }
    }
}

#[test]
fn depth_date_and_refs_are_what_git_says() {
    for (seed, skew) in [(11, 0), (12, 90), (13, 5000)] {
        let mut dice = Dice(seed * 104_729);
        let repo = history(&mut dice, 40, skew);
        let opened = repo.opened();
        for depth in [0, 1, 7, 23, 400] {
            let wanted = Wanted { max_depth: Some(depth), ..Wanted::default() };
            assert_eq!(opened.ids(&wanted).unwrap(), repo.lines(&["rev-list", "--date-order", &format!("--max-count={depth}"), "HEAD"]));
        }
        for since in [1_600_000_000, 1_600_000_300, 1_600_000_420, 1_700_000_000] {
            let wanted = Wanted { since: Some(since), ..Wanted::default() };
            let git = repo.lines(&["rev-list", "--date-order", &format!("--since-as-filter=@{since}"), "HEAD"]);
            assert_eq!(opened.ids(&wanted).unwrap(), git);
        }
        let all = Wanted { all_refs: true, ..Wanted::default() };
        let ids = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<_>>();
        assert_eq!(ids(opened.ids(&all).unwrap()), ids(repo.lines(&["rev-list", "--all"])));
        let branch = Wanted { branch: vec!["c7".into()], since_commit: vec!["c3".into()], ..Wanted::default() };
        assert_eq!(opened.ids(&branch).unwrap(), repo.lines(&["rev-list", "--date-order", "c3..c7"]));
    }
}

#[test]
fn conditions_combine_by_intersection() {
    let repo = history(&mut Dice(77), 40, 100);
    let opened = repo.opened();
    let set = |arguments: &[&str]| repo.lines(&[&["rev-list", "--date-order"], arguments].concat()).into_iter().collect::<BTreeSet<_>>();
    let mut sizes = BTreeSet::new();
    for (since, from, to, tip, depth) in [("c1", "c2", "c36", "c39", 30), ("c10", "c5", "c30", "c39", 25), ("c2", "c3", "c39", "c37", 20)] {
        let wanted = Wanted {
            since_commit: vec![since.into()],
            range: vec![format!("{from}..{to}")],
            branch: vec![tip.into()],
            since: Some(1_600_000_200),
            max_depth: Some(depth),
            ..Wanted::default()
        };
        let mut expected = set(&[&format!("-{depth}"), tip]);
        for other in [set(&[&format!("{since}..{tip}")]), set(&[&format!("{from}..{to}")]), set(&["--since-as-filter=@1600000200", tip])] {
            expected = &expected & &other;
        }
        sizes.insert(expected.len());
        assert_eq!(opened.ids(&wanted).unwrap().into_iter().collect::<BTreeSet<_>>(), expected);
    }
    assert!(sizes.len() > 1, "{sizes:?}");
}

#[test]
fn revisions_are_resolved_as_git_does() {
    for format in ["sha1", "sha256"] {
        let repo = TestRepo::with(&["--object-format", format]);
        for number in 0..12 {
            repo.commit(&[("f", &number.to_string())]);
        }
        repo.git(&["tag", "-a", "-m", "release", "v1", "HEAD~3"]);
        repo.git(&["tag", "-a", "-m", "again", "v2", "v1"]);
        repo.git(&["checkout", "-q", "-b", "side", "HEAD~5"]);
        repo.commit(&[("g", "1")]);
        repo.git(&["merge", "-q", "-m", "merge", "main"]);
        repo.git(&["update-ref", "refs/remotes/origin/main", "main"]);
        repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        let short = repo.git(&["rev-parse", "--short=9", "main~4"]);
        let described = format!("v1-2-g{short}");
        for packed in [false, true] {
            if packed {
                repo.git(&["gc", "-q"]);
            }
            let opened = repo.opened();
            let names = [
                "HEAD",
                "@",
                "HEAD~2",
                "HEAD^2",
                "HEAD^2~3",
                "HEAD^^",
                "main",
                "heads/main",
                "v1",
                "v2",
                "v2^{}",
                "v1^{commit}",
                "v2~1",
                "v1^0",
                "origin/main",
                "origin",
                "tags/v1",
                "@{0}",
                "HEAD@{1}",
                "refs/heads/side~1",
                "HEAD~",
                &short,
                &described,
            ];
            for name in names {
                let id = repo.git(&["rev-parse", &format!("{name}^{{commit}}")]);
                let wanted = Wanted { range: vec![format!("{id}^..{name}")], max_depth: None, ..Wanted::default() };
                assert_eq!(opened.ids(&wanted).unwrap().first(), Some(&id), "{name} {format}");
            }
            for wrong in
                ["nothing", "HEAD^3", "HEAD:f", "v1^{tree}", "HEAD~x", "", "..", "0000000", "HEAD^{tree", "main~99999999999999999999"]
            {
                let wanted = Wanted { since_commit: vec![wrong.into()], ..Wanted::default() };
                let error = opened.select(&wanted).unwrap_err();
                assert_eq!((error.kind, error.exit().code()), (Kind::Input, 3), "{wrong}");
                assert!(error.to_string().starts_with("bad revision "), "{error}");
            }
        }
    }
}

#[test]
fn errors_say_how_far_the_history_goes_and_what_to_do() {
    let repo = TestRepo::new();
    for number in 0..5 {
        repo.commit(&[("f", &number.to_string())]);
    }
    let since = |revision: &str| Wanted { since_commit: vec![revision.into()], ..Wanted::default() };
    let error = repo.opened().ids(&since("HEAD~100")).unwrap_err();
    assert_eq!(error, "Input bad revision \"HEAD~100\": the history goes back only 4 commits there ()");
    let error = repo.opened().ids(&range("main")).unwrap_err();
    assert!(error.starts_with("Usage \"main\" is no range of commits (write A..B;"), "{error}");
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repo.path.display());
    repo.git(&["clone", "-q", "--depth", "3", &url, clone.path().join("c").to_str().unwrap()]);
    let shallow = TestRepo::at(&clone.path().join("c")).opened();
    let error = shallow.ids(&since("HEAD~4")).unwrap_err();
    assert!(error.contains("only 2 commits there (the history here is shallow; `git fetch --unshallow`"), "{error}");
    let all = shallow.select(&Wanted::default()).unwrap();
    assert_eq!((all.commits.len(), all.commits[2].cut, all.notices.len(), all.notices[0].incomplete), (3, true, 1, true));
    let inner = shallow.select(&since("HEAD~1")).unwrap();
    assert_eq!((inner.commits.len(), inner.notices.len()), (1, 0));
}

#[test]
fn a_repository_without_commits_has_an_empty_range() {
    let opened = TestRepo::new().opened();
    assert_eq!(opened.ids(&Wanted { max_depth: Some(5), ..Wanted::default() }), Ok(Vec::new()));
    assert!(opened.ids(&range("..")).unwrap_err().contains("there is no commit yet"));
}

#[test]
fn dates_are_what_git_understands() {
    let now = 1_700_000_000;
    assert_eq!(parse_since("2 weeks ago", now).unwrap(), now - 14 * 86_400);
    assert_eq!(parse_since("@1600000000", now).unwrap(), 1_600_000_000);
    assert_eq!(parse_since("2024-01-31T12:00:00+0100", now).unwrap(), 1_706_698_800);
    assert_eq!(parse_since("2024-01-31", now).unwrap(), 1_706_659_200);
    assert_eq!(parse_since("the day after", now).unwrap_err().kind, Kind::Usage);
}
