//! What may hide a finding, from the command line and the files around it.

use unleak::error::{Error, Result, describe};
use unleak::suppress::{Baseline, IgnoreFile, Suppress};

use super::around::Around;
use crate::cli::ReportArgs;

/// What is in force. `key` is the id of the key that this run's fingerprints are made with.
pub fn suppression(args: &ReportArgs, around: &Around, key: &str) -> Result<Suppress> {
    let layers = &around.layers;
    let mut suppress = Suppress {
        strict: args.strict || layers.last(|file| file.suppress.strict).unwrap_or(false),
        inline: !args.no_inline_ignores && layers.last(|file| file.suppress.inline).unwrap_or(true),
        peers: !args.no_peer_markers && layers.last(|file| file.suppress.peer_markers).unwrap_or(true),
        whole: is_whole(args, around),
        allows: layers.allows()?,
        ..Suppress::default()
    };
    if let Some(file) = ignore_file(args, around)? {
        suppress.ignores.push(file);
    }
    for path in &args.baseline {
        let bytes = std::fs::read(path).map_err(|e| Error::configuration(format!("{}: {}", path.display(), describe(&e))))?;
        suppress.baselines.push(Baseline::parse(&path.display().to_string(), &bytes)?);
    }
    if args.baseline.is_empty() {
        for said in layers.list(|file| file.suppress.baseline.as_ref()).unwrap_or_default() {
            let text = around.tree.files.read(said.text(), &said.value).map_err(|e| said.wrong(&e.message))?;
            suppress.baselines.push(Baseline::parse(&text.name, &text.bytes)?);
        }
    }
    if !suppress.strict {
        suppress.check_key(key)?;
    }
    Ok(suppress)
}

/// The ignore file: named on the command line, by a configuration, or the repository's own.
fn ignore_file(args: &ReportArgs, around: &Around) -> Result<Option<IgnoreFile>> {
    if let Some(path) = &args.ignore_file {
        let bytes = std::fs::read(path).map_err(|e| Error::configuration(format!("{}: {}", path.display(), describe(&e))))?;
        return IgnoreFile::parse(&path.display().to_string(), &bytes).map(Some);
    }
    if let Some(said) = around.layers.said(|file| file.suppress.ignore_file.as_ref()) {
        let text = around.tree.files.read(said.text(), &said.value).map_err(|e| said.wrong(&e.message))?;
        return IgnoreFile::parse(&text.name, &text.bytes).map(Some);
    }
    around.ignore.as_ref().map(|text| IgnoreFile::parse(&text.name, &text.bytes)).transpose()
}

/// Whether the run looks at the whole repository that the files belong to, with all rules.
fn is_whole(args: &ReportArgs, around: &Around) -> bool {
    let here = around.disk.here.as_ref();
    here.is_some_and(|here| around.disk.targets.contains(here)) && args.rule.is_empty() && args.exclude_rule.is_empty()
}
