//! Prints the features of every scored candidate below a folder, one JSON object a line: what
//! `tools/score/train.py` learns from. Weights and thresholds play no part in it.

use std::path::{Path, PathBuf};

use unleak::detect::Detector;
use unleak::rule::RuleSet;
use unleak::score;

fn main() {
    let root = PathBuf::from(std::env::args_os().nth(1).expect("usage: score_features FOLDER"));
    let detector = Detector::new(RuleSet::builtin(), 0);
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    for file in files {
        let Ok(bytes) = std::fs::read(&file) else { continue };
        let path = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().into_owned();
        for found in detector.scan(&bytes, None).matches() {
            if found.judged.evidence.is_empty() {
                continue;
            }
            let line = bytes[..found.secret_start as usize].iter().filter(|b| **b == b'\n').count() + 1;
            let evidence = found.judged.evidence.and(score::of_path(path.as_bytes()));
            let names: Vec<&str> = evidence.features().map(|feature| feature.name()).collect();
            let rule = &detector.rule(found.rule).spec.id;
            println!("{}", serde_json::json!({"path": path, "line": line, "start": found.secret_start, "rule": rule, "features": names}));
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
