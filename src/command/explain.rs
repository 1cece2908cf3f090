//! `unleak explain`: reads one content and tells what the rules make of it, step by step.

use std::fs;
use std::io::Read;
use std::path::Path;

use bstr::{BString, ByteSlice};
use unleak::detect::Detector;
use unleak::error::{Error, Exit, Result};
use unleak::explain::{Question, explain, json, text};

use super::rules::print;
use crate::cli::ExplainArgs;
use crate::config;

/// More is not explained: an account of it would be of no use to anybody.
const LARGEST: u64 = 256 << 20;

/// Explains the target.
pub fn run(args: &ExplainArgs) -> Result<Exit> {
    let detector = Detector::new(config::chosen(&args.choice)?.with_entropy(), config::now());
    let (path, line) = target(&args.target.to_string_lossy());
    let bytes = if path == "-" { read("-", std::io::stdin().lock())? } else { read_file(Path::new(&path))? };
    let path = (path != "-").then(|| BString::from(path));
    if let Some(line) = line {
        let lines = bytes.lines().count();
        if line == 0 || line > lines {
            return Err(Error::usage(format!("there is no line {line}: it has {lines}")));
        }
    }
    let explanation = explain(&detector, &Question { bytes: &bytes, path, line, show_secrets: args.show_secrets });
    print(|out| if args.output.format == "json" { json(&explanation, out) } else { text(&explanation, out) })?;
    Ok(Exit::Clean)
}

/// `FILE`, `FILE:LINE` or `FILE:LINE:COLUMN`; a file that is there under the whole name is meant so.
fn target(text: &str) -> (String, Option<usize>) {
    let mut path = text.to_owned();
    let mut numbers = Vec::new();
    while numbers.len() < 2 && !Path::new(&path).exists() {
        let Some((rest, number)) = path.rsplit_once(':').and_then(|(rest, last)| Some((rest.to_owned(), last.parse().ok()?))) else {
            break;
        };
        path = rest;
        numbers.push(number);
    }
    (path, numbers.last().copied())
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let at = |error| Error::at(path, &error);
    if path.is_dir() {
        return Err(Error::usage(format!("{}: a folder cannot be explained", path.display())).hint("name a file, or a line as FILE:LINE"));
    }
    read(&path.display().to_string(), fs::File::open(path).map_err(at)?)
}

fn read(name: &str, from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| Error::at(Path::new(name), &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::input(format!("{name}: too large to explain")).hint("cut out the lines in question and give them to `-`"));
    }
    Ok(bytes)
}
