//! Damaged and incomplete repositories: damage costs what it hits and nothing else, is named, and makes the scan
//! incomplete. What never happens is a clean result.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;

use common::plant::secret;
use common::repo::Repo;
use common::run::{Ran, Report, bounded};
use common::token::{Random, token};

const FILES: u64 = 60;

/// A repository of files that are too random to be made from each other, each with a token of its own.
fn many() -> Repo {
    let repo = Repo::new();
    for n in 0..FILES {
        let noise = Random::new(n).alphanumeric(700);
        repo.write(format!("f{n}.txt"), format!("{noise}\n{}\n", token(n)));
        if n % 15 == 14 {
            repo.git(&["add", "."]);
            repo.commit("more");
        }
    }
    repo
}

fn pack(repo: &Repo) {
    repo.git(&["repack", "-q", "-adf", "--depth=0"]);
}

fn scan(repo: &Repo) -> Ran {
    let ran = bounded(&repo.home, &repo.path, &["git", ".", "-f", "json", "--show-secrets"], 60);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn found(report: &Report) -> usize {
    (0..FILES).filter(|&n| report.finding(&token(n)).is_some()).count()
}

/// Incomplete, says all these words in one line, and found at least so many.
#[track_caller]
fn damaged(ran: &Ran, least: usize, words: &[&str]) {
    let report = ran.report();
    let notices = report.notices();
    assert!(!report.complete(), "{notices:#?}");
    assert!(notices.iter().any(|n| n.starts_with('!') && words.iter().all(|word| n.contains(word))), "{words:?}: {notices:#?}");
    assert!(notices.iter().all(|n| !n.contains('\n')), "{notices:#?}");
    let found = found(&report);
    assert!(found >= least, "only {found} of {FILES}: {notices:#?}");
    assert_eq!(ran.code, if report.findings().is_empty() { 3 } else { 1 });
}

/// Makes a file of the database writable, for it is not, and changes it.
fn change(path: &Path, with: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    with(&mut bytes);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn flip(bytes: &mut [u8], at: usize) {
    bytes[at..at + 16].iter_mut().for_each(|byte| *byte ^= 0x5a);
}

/// Something done to the bytes of a file.
type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);

#[test]
fn flipped_bytes_in_a_pack() {
    let repo = many();
    pack(&repo);
    let path = &repo.packs("pack")[0];
    let whole = fs::read(path).unwrap();
    let mut lost = 0;
    for part in 1..8 {
        change(path, |bytes| {
            *bytes = whole.clone();
            flip(bytes, whole.len() / 8 * part);
        });
        let ran = scan(&repo);
        // Sixteen bytes hit one entry or two neighbours.
        damaged(&ran, FILES as usize - 2, &["unreadable object"]);
        lost += FILES as usize - found(&ran.report());
    }
    assert!(lost > 0);
}

#[test]
fn a_damaged_pack_without_secrets_is_not_clean() {
    let repo = Repo::new();
    for n in 0..20 {
        repo.write(format!("{n}.txt"), Random::new(n).alphanumeric(400));
    }
    repo.git(&["add", "."]);
    repo.commit("all");
    pack(&repo);
    change(&repo.packs("pack")[0], |bytes| {
        let half = bytes.len() / 2;
        flip(bytes, half);
    });
    let ran = scan(&repo);
    damaged(&ran, 0, &["unreadable object"]);
    assert_eq!(ran.code, 3);
    let text = bounded(&repo.home, &repo.path, &["git", "."], 60).text();
    assert!(text.contains("INCOMPLETE") && !text.contains("No secrets found"), "{text}");
}

#[test]
fn a_pack_cut_short() {
    let repo = many();
    pack(&repo);
    let path = &repo.packs("pack")[0];
    let whole = fs::read(path).unwrap();
    for (keep, least) in [(whole.len() - 20, FILES as usize), (whole.len() / 2, FILES as usize / 4), (12, 0), (5, 0), (0, 0)] {
        change(path, |bytes| *bytes = whole[..keep].to_vec());
        damaged(&scan(&repo), least, &[]);
    }
}

#[test]
fn a_damaged_pack_index() {
    let repo = many();
    pack(&repo);
    let path = &repo.packs("idx")[0];
    let whole = fs::read(path).unwrap();
    let damage: [Damage<'_>; 6] = [
        &|bytes| bytes.clear(),
        &|bytes| bytes.truncate(whole.len() / 2),
        &|bytes| bytes.truncate(9),
        &|bytes| bytes[..4].fill(0),
        &|bytes| flip(bytes, 8 + 4 * 100),
        &|bytes| bytes[8..8 + 1024].fill(0xff),
    ];
    for change_it in damage {
        change(path, |bytes| {
            *bytes = whole.clone();
            change_it(bytes);
        });
        damaged(&scan(&repo), 0, &["index", "pack-"]);
    }
    fs::remove_file(path).unwrap();
    let ran = scan(&repo);
    assert!(!ran.report().complete() || found(&ran.report()) == FILES as usize, "a pack without an index: {:?}", ran.report().notices());
}

/// Every byte of an index may be wrong: no panic, and never both complete and short of something.
#[test]
fn random_damage_never_looks_clean() {
    let repo = many();
    pack(&repo);
    let mut random = Random::new(11);
    let files: Vec<_> = [repo.packs("pack"), repo.packs("idx")].concat();
    for _ in 0..40 {
        let path = random.pick(&files);
        let whole = fs::read(path).unwrap();
        change(path, |bytes| {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        });
        let ran = scan(&repo);
        let report = ran.report();
        assert!(!report.complete() || found(&report) == FILES as usize, "{:?}", report.notices());
        change(path, |bytes| *bytes = whole);
    }
}

#[test]
fn a_damaged_stage() {
    let repo = many();
    for content in [&b"garbage"[..], b"", b"DIRC\0\0\0\x02\xff\xff\xff\xff", b"DIRC\0\0\0\x63\0\0\0\0"] {
        fs::write(repo.path.join(".git/index"), content).unwrap();
        let ran = bounded(&repo.home, &repo.path, &["scan", ".", "-f", "json", "--show-secrets"], 60);
        damaged(&ran, FILES as usize, &["index"]);
    }
}

#[test]
fn damaged_loose_objects() {
    let repo = many();
    let id = repo.rev("HEAD:f7.txt");
    let path = repo.loose(&id);
    let whole = fs::read(&path).unwrap();
    let damage: [Damage<'_>; 6] = [
        &|bytes| bytes.clear(),
        &|bytes| bytes.truncate(whole.len() / 2),
        &|bytes| flip(bytes, whole.len() / 2),
        &|bytes| flip(bytes, 0),
        &|bytes| *bytes = b"not compressed at all".to_vec(),
        &|bytes| *bytes = deflated(b"blob 9999\0short"),
    ];
    for change_it in damage {
        change(&path, |bytes| {
            *bytes = whole.clone();
            change_it(bytes);
        });
        damaged(&scan(&repo), FILES as usize - 1, &["unreadable object", &id]);
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    damaged(&scan(&repo), FILES as usize - 1, &[&id]);
}

#[test]
fn missing_objects() {
    let name = |repo: &Repo, rev: &str| (repo.rev(rev), repo.loose(&repo.rev(rev)));
    for (rev, least) in [("HEAD:f3.txt", FILES - 1), ("HEAD~1", FILES), ("HEAD", FILES)] {
        let repo = many();
        let (id, path) = name(&repo, rev);
        fs::remove_file(path).unwrap();
        damaged(&scan(&repo), least as usize, &[&id]);
    }
    let repo = Repo::new();
    repo.commit_file("deep/er/a.txt", secret("below"));
    fs::remove_file(repo.loose(&repo.rev("HEAD:deep/er"))).unwrap();
    let ran = scan(&repo);
    damaged(&ran, 0, &["missing"]);
    assert!(ran.report().finding(&secret("below")).is_some(), "the blob is still there");
}

/// Without its tree nobody knows what a commit held.
#[test]
fn a_commit_without_its_tree() {
    let repo = many();
    let tree = repo.rev("HEAD^{tree}");
    fs::remove_file(repo.loose(&tree)).unwrap();
    damaged(&scan(&repo), FILES as usize, &["missing", &tree]);
}

#[test]
fn a_tag_without_its_target() {
    let repo = many();
    let blob = repo.object("blob", b"x\n");
    repo.git(&["tag", "-a", "-m", "x", "on-blob", &blob]);
    fs::remove_file(repo.loose(&blob)).unwrap();
    damaged(&scan(&repo), FILES as usize, &["missing", &blob]);
}

#[test]
fn a_detached_head_without_its_commit() {
    let repo = many();
    repo.git(&["checkout", "-q", "--detach"]);
    let commit = repo.commit("gone");
    fs::remove_file(repo.loose(&commit)).unwrap();
    damaged(&scan(&repo), FILES as usize, &["HEAD", &commit]);
}

/// Blobs too large to hold are read as a stream: what they lack is seen there as well.
#[test]
fn a_large_blob_that_is_shorter_than_it_says() {
    let repo = many();
    let id = repo.rev("HEAD:f7.txt");
    change(&repo.loose(&id), |bytes| *bytes = deflated(b"blob 999999999999\0short"));
    damaged(&scan(&repo), FILES as usize - 1, &["unreadable object", &id]);
}

#[test]
fn a_damaged_large_blob_in_a_pack() {
    let repo = many();
    let mut large = Random::new(3).alphanumeric(1 << 20).repeat(36);
    large.push_str(&secret("at the end of a large blob"));
    repo.commit_file("large.bin", &large);
    repo.git(&["repack", "-q", "-adf", "--depth=0"]);
    let ran = scan(&repo);
    assert!(ran.report().complete() && ran.report().finding(&secret("at the end of a large blob")).is_some());
    let id = repo.rev("HEAD:large.bin");
    let listed = repo.git(&["verify-pack", "-v", repo.packs("idx")[0].to_str().unwrap()]);
    let entry: Vec<&str> = listed.lines().find(|line| line.starts_with(&id)).unwrap().split_whitespace().collect();
    let (len, offset): (usize, usize) = (entry[3].parse().unwrap(), entry[4].parse().unwrap());
    change(&repo.packs("pack")[0], |bytes| flip(bytes, offset + len / 2));
    damaged(&scan(&repo), FILES as usize, &["unreadable object", &id]);
}

#[test]
fn damaged_refs() {
    let repo = many();
    fs::write(repo.path.join(".git/refs/heads/bad"), "no id at all\n").unwrap();
    damaged(&scan(&repo), FILES as usize, &["refs/heads/bad"]);
    fs::write(repo.path.join(".git/refs/heads/bad"), "1234567890123456789012345678901234567890\n").unwrap();
    damaged(&scan(&repo), FILES as usize, &["refs/heads/bad", "missing"]);
    fs::remove_file(repo.path.join(".git/refs/heads/bad")).unwrap();
    assert!(scan(&repo).report().complete());
    fs::write(repo.path.join(".git/packed-refs"), "\0\0 garbage\nmore\n").unwrap();
    damaged(&scan(&repo), FILES as usize, &["packed-refs"]);
}

#[test]
fn a_repository_without_its_parts() {
    for part in ["HEAD", "objects", "refs"] {
        let repo = many();
        let path = repo.path.join(".git").join(part);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap()
        } else {
            fs::remove_file(&path).unwrap()
        }
        let ran = bounded(&repo.home, &repo.path, &["scan", ".", "-f", "json", "--show-secrets"], 60);
        // The files are there, whatever became of the repository.
        damaged(&ran, FILES as usize, &[".git"]);
        let ran = scan(&repo);
        damaged(&ran, 0, &[]);
    }
}

#[test]
fn a_delta_whose_base_is_damaged() {
    let repo = Repo::new();
    let noise = Random::new(1).alphanumeric(3000);
    for n in 0..6 {
        repo.commit_file("grows.txt", noise.clone() + "\n" + &(0..=n).map(|n| token(n) + "\n").collect::<String>());
    }
    repo.commit_file("other.txt", secret("other"));
    repo.git(&["repack", "-q", "-adf", "--depth=50"]);
    let listed = repo.git(&["verify-pack", "-v", repo.packs("idx")[0].to_str().unwrap()]);
    let bases: Vec<Vec<&str>> =
        listed.lines().map(|line| line.split_whitespace().collect()).filter(|parts: &Vec<&str>| parts.len() == 5).collect();
    let base = bases.iter().find(|parts| parts[1] == "blob" && parts[2].parse::<u32>().unwrap() > 3000).unwrap();
    let offset: usize = base[4].parse().unwrap();
    change(&repo.packs("pack")[0], |bytes| flip(bytes, offset + 100));
    let ran = scan(&repo);
    damaged(&ran, 0, &[base[0]]);
    let report = ran.report();
    assert!(report.finding(&secret("other")).is_some());
    let told = report.notices().iter().filter(|n| n.contains("its base cannot be read")).count();
    assert_eq!(told, 5, "{:#?}", report.notices());
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// A pack with one delta, whose base is nowhere, and its index.
#[test]
fn a_delta_without_a_base() {
    let repo = many();
    let (base, made) = ([0x11u8; 20], [0x77u8; 20]);
    let entry = [&[0x70 | 4][..], &base, &deflated(&[10, 10, 0x90, 10])].concat();
    let pack = [b"PACK\0\0\0\x02\0\0\0\x01", entry.as_slice(), &[0; 20]].concat();
    let fan_out: Vec<u8> = (0..256u32).flat_map(|n| u32::from(n >= 0x77).to_be_bytes()).collect();
    let checksum = libdeflater::crc32(&entry).to_be_bytes();
    let index = [b"\xfftOc\0\0\0\x02", fan_out.as_slice(), &made, &checksum, &12u32.to_be_bytes(), &[0; 40]].concat();
    fs::create_dir_all(repo.path.join(".git/objects/pack")).unwrap();
    for (extension, bytes) in [("pack", &pack), ("idx", &index)] {
        fs::write(repo.path.join(".git/objects/pack").join(format!("pack-{}.{extension}", "7".repeat(40))), bytes).unwrap();
    }
    damaged(&scan(&repo), FILES as usize, &[&"77".repeat(20), "base is missing"]);
}

#[test]
fn a_shallow_clone() {
    let repo = many();
    repo.git(&["clone", "-q", "--depth=1", &format!("file://{}", repo.path.display()), "../shallow"]);
    let shallow = repo.beside("shallow");
    damaged(&scan(&shallow), FILES as usize, &["shallow", "git fetch --unshallow"]);
    let clean = Repo::new();
    clean.commit_file("a", "1\n");
    clean.commit_file("a", "2\n");
    clean.git(&["clone", "-q", "--depth=1", &format!("file://{}", clean.path.display()), "../shallow"]);
    let ran = scan(&clean.beside("shallow"));
    damaged(&ran, 0, &["shallow"]);
    assert_eq!(ran.code, 3);
}

#[test]
fn a_partial_clone() {
    let repo = Repo::new();
    repo.commit_file("a", "1\n");
    repo.commit_file("b", "2\n");
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["clone", "-q", "--bare", "--filter=blob:none", &format!("file://{}", repo.path.display()), "../partial"]);
    let ran = scan(&repo.beside("partial"));
    damaged(&ran, 0, &["partial clone", "--refetch"]);
    assert_eq!(ran.code, 3);
}

#[test]
fn an_alternate_that_is_gone() {
    let repo = many();
    repo.git(&["clone", "-q", "--shared", ".", "../shared"]);
    let shared = repo.beside("shared");
    fs::rename(&repo.path, repo.path.with_file_name("moved")).unwrap();
    damaged(&scan(&shared), 0, &["alternate"]);
}
