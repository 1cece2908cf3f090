//! What commits add: compared with `git diff-tree -m --no-renames` and the rules for what stood there before.

use std::collections::{BTreeMap, BTreeSet};

use unleak::finding::{PlaceKind, Scope};
use unleak::source::git::revisions::Wanted;

use super::support::{Dice, Scan, TestRepo, What, range, token};

fn tokens(text: &str) -> BTreeSet<String> {
    text.split_whitespace().filter(|word| word.starts_with("ghp_")).map(str::to_owned).collect()
}

/// Files with their blobs.
fn tree(repo: &TestRepo, commit: &str) -> BTreeMap<String, String> {
    let lines = repo.lines(&["ls-tree", "-r", "--full-tree", commit]);
    lines.iter().map(|line| (line.split('\t').nth(1).unwrap().to_owned(), line.split_whitespace().nth(2).unwrap().to_owned())).collect()
}

/// Commit, path and value of what the commits add, and of what stood there before.
fn oracle(repo: &TestRepo, range: &str) -> [BTreeSet<(String, String, String)>; 2] {
    let (mut added, mut old) = (BTreeSet::new(), BTreeSet::new());
    let held = |blob: &String| tokens(&repo.git(&["cat-file", "blob", blob]));
    for commit in repo.lines(&["rev-list", range]) {
        let parents: Vec<String> = repo.git(&["rev-list", "--parents", "-1", &commit]).split(' ').skip(1).map(str::to_owned).collect();
        let here = tree(repo, &commit);
        let mut paths: Vec<(String, usize)> = Vec::new();
        let mut before = Vec::new();
        for line in repo.lines(&["diff-tree", "-m", "-r", "--root", "--no-renames", "--no-commit-id", &commit]) {
            let (head, path) = line.split_once('\t').unwrap();
            if !head.ends_with('D') {
                match paths.iter_mut().find(|(known, _)| known == path) {
                    Some((_, count)) => *count += 1,
                    None => paths.push((path.to_owned(), 1)),
                }
            }
        }
        parents.iter().for_each(|parent| before.push(tree(repo, parent)));
        for (path, _) in paths.iter().filter(|(_, count)| *count == parents.len().max(1)) {
            for value in held(&here[path]) {
                let stood = before.iter().any(|parent| {
                    parent.get(path).is_some_and(|blob| held(blob).contains(&value))
                        || parent.values().any(|blob| *blob == here[path])
                        || parent.iter().any(|(gone, blob)| !here.contains_key(gone) && held(blob).contains(&value))
                });
                let item = (commit.clone(), path.clone(), value);
                if stood {
                    old.insert(item)
                } else {
                    added.insert(item)
                };
            }
        }
    }
    [added, old]
}

/// A history whose files hold tokens and are edited, moved, copied and removed.
fn history(dice: &mut Dice, commits: usize) -> TestRepo {
    const PATHS: [&str; 9] = ["a", "b", "dir", "dir/a", "dir/b", "dir/deep/c", "dir.x", "other/c", "z"];
    let repo = TestRepo::new();
    let mut script = String::new();
    for number in 0..commits {
        let date = 1_600_000_000 + number;
        script += &format!("commit refs/heads/main\nmark :{}\n", number + 1);
        script += &format!("author A <a@b> {date} +0000\ncommitter A <a@b> {date} +0000\ndata 2\nm\n\n");
        if number > 0 {
            let first = number - dice.below(number.min(3));
            script += &format!("from :{first}\n");
            let other = number - dice.below(number.min(4));
            if other != first && dice.below(2) == 0 {
                script += &format!("merge :{other}\n");
            }
        }
        for _ in 0..1 + dice.below(3) {
            let path = PATHS[dice.below(PATHS.len())];
            match dice.below(8) {
                0 => script += &format!("D {path}\n"),
                1 if number > 0 => script += &format!("D {}\n", PATHS[dice.below(2)]),
                _ => {
                    let words: Vec<String> = (0..dice.below(3)).map(|_| token(dice.below(6) as u32)).collect();
                    let text = format!("{} line {}\n", words.join(" "), dice.below(3));
                    script += &format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len());
                }
            }
        }
    }
    repo.import(&script);
    repo
}

#[test]
fn what_is_added_is_what_the_oracle_says() {
    for seed in 1..=6 {
        let repo = history(&mut Dice(seed * 6_700_417), 30);
        for gc in [false, true] {
            if gc {
                repo.git(&["gc", "-q"]);
            }
            let opened = repo.opened();
            for text in ["main~6..main", "main~1..main"] {
                let [added, old] = oracle(&repo, text);
                let wanted = range(text);
                let scan = opened.scan(What::Range(&wanted), false, &[]);
                assert_eq!(scan.places(PlaceKind::Blob), added, "{text} seed {seed}");
                assert_eq!(scan.result.already_there, old.len() as u64, "{text} seed {seed}");
                assert!(scan.is_complete(), "{:?}", scan.notices);
                let whole = opened.scan(What::Range(&wanted), true, &[]);
                assert_eq!(whole.places(PlaceKind::Blob), &added | &old);
            }
        }
        let [added, old] = oracle(&repo, "main");
        let scan = repo.opened().scan(What::Range(&Wanted::default()), false, &[]);
        assert_eq!((scan.places(PlaceKind::Blob), scan.result.already_there), (added, old.len() as u64), "seed {seed}");
    }
}

/// What the last commit adds: paths.
fn last(repo: &TestRepo) -> (Vec<String>, Scan) {
    let wanted = Wanted { max_depth: Some(1), ..Wanted::default() };
    let scan = repo.opened().scan(What::Range(&wanted), false, &[]);
    (scan.places(PlaceKind::Blob).into_iter().map(|(_, path, _)| path).collect(), scan)
}

#[test]
fn an_edit_a_rename_and_a_same_blob_add_nothing_but_an_edited_copy_does() {
    let repo = TestRepo::new();
    let text = format!("key = {}\nmore\nlines\n", token(1));
    repo.commit(&[("old", &text), ("keep", "1")]);
    assert_eq!(last(&repo).0, ["old"]);
    repo.commit(&[("old", &format!("{text}edited\n"))]);
    assert_eq!(last(&repo).0, [""; 0]);
    repo.git(&["mv", "old", "new"]);
    repo.commit(&[("new", &format!("{text}edited\nagain\n"))]);
    let (paths, scan) = last(&repo);
    assert_eq!((paths.len(), scan.result.already_there), (0, 1));
    repo.commit(&[("deep/folder/copy", &format!("{text}edited\nagain\n"))]);
    let (paths, scan) = last(&repo);
    assert_eq!((paths.len(), scan.result.already_there), (0, 1));
    repo.commit(&[("edited-copy", &format!("{text}edited\nagain\nmore\n"))]);
    assert_eq!(last(&repo).0, ["edited-copy"]);
    repo.commit(&[("edited-copy", "gone"), ("new", &format!("{text}{}\n", token(2)))]);
    let (paths, scan) = last(&repo);
    assert_eq!((paths, scan.result.already_there, scan.findings.len()), (vec!["new".to_owned()], 1, 1));
    let (finding, place) = (&scan.findings[0], &scan.findings[0].places[0]);
    assert_eq!((finding.history.scope, finding.history.in_head, finding.history.commits), (Scope::Range, Some(true), 0));
    assert_eq!((place.line, place.column, place.in_head, place.date), (4, 1, Some(true), Some(1_700_000_000)));
    assert_eq!(place.author.as_ref().unwrap().name, "Tester");
}

#[test]
fn only_an_evil_merge_adds() {
    let repo = TestRepo::new();
    repo.commit(&[("base", "1")]);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit(&[("side", &token(1))]);
    repo.git(&["checkout", "-q", "main"]);
    repo.commit(&[("base", "2")]);
    repo.git(&["merge", "-q", "--no-commit", "side"]);
    repo.commit(&[("evil", &token(2)), ("side", &format!("{}\nedited", token(1)))]);
    let (paths, scan) = last(&repo);
    assert_eq!((paths, scan.result.already_there), (vec!["evil".to_owned()], 1));
}

#[test]
fn a_first_commit_adds_all_and_a_cut_one_nothing() {
    let repo = TestRepo::new();
    repo.commit(&[("one", &token(1)), ("two", &token(1))]);
    let (paths, scan) = last(&repo);
    assert_eq!(paths, ["one", "two"]);
    assert!(scan.is_complete());
    repo.commit(&[("one", &format!("{} {}", token(1), token(2)))]);
    repo.commit(&[("three", &token(3))]);
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repo.path.display());
    repo.git(&["clone", "-q", "--depth", "2", &url, clone.path().join("c").to_str().unwrap()]);
    let shallow = TestRepo::at(&clone.path().join("c"));
    let scan = shallow.opened().scan(What::Range(&Wanted::default()), false, &[]);
    assert_eq!(scan.places(PlaceKind::Blob).into_iter().map(|(_, path, _)| path).collect::<Vec<_>>(), ["three"]);
    assert_eq!(scan.notices.iter().filter(|notice| notice.what == "shallow history" && notice.incomplete).count(), 1);
    let (paths, scan) = last(&shallow);
    assert_eq!((paths, scan.is_complete()), (vec!["three".to_owned()], true));
}

#[test]
fn messages_identities_and_names_are_scanned() {
    let repo = TestRepo::new();
    let folder = format!("old-{}", token(5));
    repo.commit(&[(&format!("{folder}/a"), "1")]);
    repo.write(&format!("{folder}/b"), "2");
    repo.write(&format!("x/{}/one", token(6)), "3");
    repo.write(&format!("x/{}/two", token(6)), "4");
    repo.git(&["add", "-A"]);
    let author = format!("Somebody {} <some@body>", token(7));
    repo.git(&["commit", "-q", "--author", &author, "-m", &format!("title\n\nbody {}", token(8))]);
    let (_, scan) = last(&repo);
    let values = |kind| scan.found(kind).into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    assert_eq!(values(PlaceKind::Identity), [token(7)]);
    assert_eq!(values(PlaceKind::CommitMessage), [token(8)]);
    assert_eq!(scan.found(PlaceKind::Path), [(format!("x/{}/one", token(6)), token(6))]);
    let place = |value: String| scan.findings.iter().find(|f| f.secret.expose() == value.as_bytes()).unwrap().places[0].clone();
    assert_eq!((place(token(8)).line, place(token(8)).column, place(token(7)).line), (3, 6, 3));
    let object = place(token(8)).object.unwrap();
    let raw = repo.git(&["cat-file", "commit", &object]);
    assert_eq!(&raw[place(token(8)).start..place(token(8)).end], token(8));
    assert_eq!(scan.result.counts.commits, 1);
}

#[test]
fn limits_on_paths_and_damage_cost_only_themselves() {
    let repo = TestRepo::new();
    repo.commit(&[("a/x", "1"), ("b/x", "2")]);
    repo.commit(&[("a/x", &token(1)), ("b/x", &token(2)), ("ab", &token(3))]);
    let wanted = Wanted { max_depth: Some(1), ..Wanted::default() };
    let scan = repo.opened().scan(What::Range(&wanted), false, &["a"]);
    assert_eq!(scan.found(PlaceKind::Blob), [("a/x".to_owned(), token(1))]);
    let tree = repo.git(&["rev-parse", "HEAD~1:a"]);
    std::fs::remove_file(repo.path.join(format!(".git/objects/{}/{}", &tree[..2], &tree[2..]))).unwrap();
    let scan = repo.opened().scan(What::Range(&wanted), false, &[]);
    let paths: BTreeSet<String> = scan.found(PlaceKind::Blob).into_iter().map(|(path, _)| path).collect();
    assert!(paths.contains("ab") && paths.contains("b/x") && !paths.contains("a/x"), "{paths:?}");
    assert!(scan.notices.iter().any(|notice| notice.incomplete && notice.what == "tree" && notice.place == tree));
}
