//! Which reports are written, in which format and where.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use unleak::error::{Error, Kind, Result, near};
use unleak::report::Format;

use super::Report;
use super::layers::Layers;
use crate::cli::ReportArgs;

/// The reports that the command line asks for, else those of a configuration.
pub fn reports(args: &ReportArgs, layers: &Layers) -> Result<Vec<Report>> {
    let said = layers.said(|file| file.reports.format.as_ref());
    let said = said.map(|said| named(&said.value).map_err(|e| said.wrong(&e.message))).transpose()?;
    let asked = match &args.format {
        Some(name) => Some(named(name)?),
        None if args.json => Some(Format::Jsonl),
        None => said,
    };
    let mut reports: Vec<Report> = args.output.iter().map(|output| report(output, asked)).collect::<Result<_>>()?;
    let said = layers.said(|file| file.reports.output.as_ref());
    if let Some(said) = said.filter(|_| args.output.is_empty() && args.format.is_none() && !args.json) {
        for output in &said.value {
            let wrong = |error: Error| error.hint.iter().fold(said.wrong(&error.message), |found, hint| found.hint(hint.clone()));
            reports.push(report(&OsString::from(output), asked).map_err(wrong)?);
        }
    }
    if reports.is_empty() {
        reports.push(Report { format: asked.unwrap_or(Format::Text), path: None });
    }
    Ok(reports)
}

fn named(name: &str) -> Result<Format> {
    let names = Format::names;
    Format::from_name(name).ok_or_else(|| {
        let error = Error::usage(format!("{name:?} is no report format"));
        match near(name, names()) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint(format!("there are {}", names().collect::<Vec<_>>().join(", "))),
        }
    })
}

/// `[FORMAT:]FILE`; `-` is standard output.
fn report(output: &OsString, asked: Option<Format>) -> Result<Report> {
    let (named, file) = match output.to_str().and_then(|text| text.split_once(':')) {
        Some((name, file)) if Format::from_name(name).is_some() => (Format::from_name(name), OsStr::new(file)),
        // One letter is a drive, and a folder may have a colon in its name; a word is a format that was mistyped.
        Some((name, _)) if name.len() > 1 && name.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            let error = named(name).err().unwrap_or_else(|| Error::usage(format!("{name:?} is no report format")));
            let hint = error.hint.clone().unwrap_or_default();
            let stop = if hint.ends_with('?') { "" } else { "." };
            return Err(error.hint(format!("{hint}{stop} A file of that name is ./{}", output.to_string_lossy())));
        }
        _ => (None, output.as_os_str()),
    };
    if file.is_empty() {
        return Err(Error::new(Kind::Usage, "--output needs a file name"));
    }
    let path = (file != "-").then(|| PathBuf::from(file));
    let by_name = path.as_deref().and_then(Format::from_extension);
    Ok(Report { format: named.or(by_name).or(asked).unwrap_or(Format::Text), path })
}
