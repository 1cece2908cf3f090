use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use unleak::{
    detect::{Detector, Memo},
    object::*,
    prefilter::Build,
    rule::RuleSet,
    source::git::{odb::Odb, walk::*},
};
struct S {
    det: Option<Detector>,
    n: AtomicU64,
    bytes: AtomicU64,
    found: AtomicU64,
    bad: AtomicU64,
}
impl Sink for S {
    type Memo = Memo;
    fn object(&self, id: &Id, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        self.n.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes.len() as u64, Relaxed);
        let _ = id;
        match &self.det {
            Some(d) => {
                let m = d.scan(bytes, base);
                if m.has_matches() {
                    self.found.fetch_add(m.matches().len() as u64, Relaxed);
                }
                m
            }
            None => Memo::default(),
        }
    }
    fn large(&self, _: &Id, _: &mut dyn std::io::Read) {}
    fn unreadable(&self, oid: Oid, why: &str) {
        self.bad.fetch_add(1, Relaxed);
        if self.bad.load(Relaxed) < 5 {
            eprintln!("{oid}: {why}");
        }
    }
    fn stopped(&self) -> bool {
        false
    }
}
fn main() {
    let p = std::env::args().nth(1).unwrap();
    let t = std::time::Instant::now();
    let odb = Odb::open(std::path::Path::new(&p), 20, true);
    let w = Walk::new(&odb);
    eprintln!("{} objects planned {:?}, broken {}", w.len(), t.elapsed(), w.unreadable().len());
    for (name, det) in [("floor", None), ("scan", Some(Detector::new(RuleSet::builtin(), Build::Fast, 0)))] {
        let mut s = S { det, n: 0.into(), bytes: 0.into(), found: 0.into(), bad: 0.into() };
        for k in [Kind::Commit, Kind::Tag, Kind::Blob, Kind::Tree] {
            let t = std::time::Instant::now();
            if k != Kind::Blob {
                s.det = None
            } else if name == "scan" {
                s.det = Some(Detector::new(RuleSet::builtin(), Build::Fast, 0));
            }
            w.each(k, &s);
            eprintln!(
                "{name} {k:?}: {} objects {} MB found {} bad {} {:?}",
                s.n.swap(0, Relaxed),
                s.bytes.swap(0, Relaxed) >> 20,
                s.found.swap(0, Relaxed),
                s.bad.swap(0, Relaxed),
                t.elapsed()
            );
        }
    }
}
