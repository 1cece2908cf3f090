//! What may hide a finding, from the command line and the files around it.

use unleak::error::Result;
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
        every_rule: has_every_rule(args),
        allows: layers.allows()?,
        ..Suppress::default()
    };
    suppress.ignores = ignore_files(args, around)?;
    for path in &args.baseline {
        let text = around.disk.user(path)?;
        suppress.baselines.push(Baseline::parse(&text.name, &text.bytes)?);
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

/// The ignore file that the command line or a configuration names, else the repository's own and those that are trusted.
fn ignore_files(args: &ReportArgs, around: &Around) -> Result<Vec<IgnoreFile>> {
    if let Some(path) = &args.ignore_file {
        let text = around.disk.user(path)?;
        return Ok(vec![IgnoreFile::parse(&text.name, &text.bytes)?]);
    }
    if let Some(said) = around.layers.said(|file| file.suppress.ignore_file.as_ref()) {
        let text = around.tree.files.read(said.text(), &said.value).map_err(|e| said.wrong(&e.message))?;
        return Ok(vec![IgnoreFile::parse(&text.name, &text.bytes)?]);
    }
    around.ignores.iter().map(|text| IgnoreFile::parse(&text.name, &text.bytes)).collect()
}

/// Whether the run looks at the whole repository that the files belong to, with all rules.
fn is_whole(args: &ReportArgs, around: &Around) -> bool {
    let here = around.disk.here.as_ref();
    here.is_some_and(|here| around.disk.targets.contains(here)) && has_every_rule(args)
}

/// Whether the command line leaves no rule out.
fn has_every_rule(args: &ReportArgs) -> bool {
    args.rule.is_empty() && args.exclude_rule.is_empty()
}
