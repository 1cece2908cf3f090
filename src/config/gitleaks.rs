//! What Gitleaks' options mean in ours. Of `--log-opts` a subset is understood, and what is not is an error: an
//! option that is passed over would scan something else than was asked for.

use unleak::error::{Error, Result};

use crate::cli::{GitleaksArgs, ReportArgs, ScanArgs, When};

/// The scan that `detect` or `protect` means, and whether it reads files only.
pub fn scan(args: GitleaksArgs, protect: bool) -> Result<(ScanArgs, bool)> {
    let GitleaksArgs { source, no_git, pipe, mut scan } = args;
    if let Some(source) = source {
        if scan.targets.len() != 1 || scan.targets[0] != "." {
            return Err(Error::usage("--source and a target are given: leave one out"));
        }
        scan.targets = vec![source];
    }
    if pipe {
        scan.targets = vec!["-".into()];
    }
    // `protect` looks at what is not committed yet: the stage with --staged, else all of it.
    if protect && !scan.staged {
        scan.changes = true;
    }
    Ok((scan, no_git))
}

/// Takes over the options that have other names here.
pub fn options(args: &mut ScanArgs) -> Result<()> {
    report_options(&mut args.report);
    let given = &args.report.gitleaks;
    args.max_file_size = args.max_file_size.or(given.max_target_megabytes.map(|n| n.saturating_mul(1_000_000)));
    if let Some(text) = args.log_opts.take() {
        log_opts(args, &text)?;
    }
    args.changes |= args.pre_commit && !args.staged;
    Ok(())
}

/// Takes over the options on reports.
pub fn report_options(args: &mut ReportArgs) {
    if let Some(path) = args.gitleaks.report_path.take() {
        args.output.push(path);
    }
    if args.gitleaks.no_color {
        args.color = When::Never;
    }
    args.verbose |= matches!(args.gitleaks.log_level.as_deref(), Some("trace" | "debug"));
}

/// `git log`'s options: a range or revisions, `--all`, `--since`, `-n`.
fn log_opts(args: &mut ScanArgs, text: &str) -> Result<()> {
    let words = words(text)?;
    let mut words = words.iter().map(String::as_str);
    let wrong = |what: &str| {
        let error = Error::usage(format!("--log-opts: {what:?} is not understood"));
        error.hint("understood are A..B, A.., REV, ^REV, --all, --since=DATE, --after=DATE, -n N and --max-count=N; our own are --range, --since-commit, --branch, --since, --max-depth, --include")
    };
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value.to_owned())));
        match name {
            "--all" if value.is_none() => args.refs = Some("all".to_owned()),
            "--since" | "--after" => args.since = Some(value.or_else(|| words.next().map(str::to_owned)).ok_or_else(|| wrong(word))?),
            "-n" | "--max-count" => {
                let n = value.or_else(|| words.next().map(str::to_owned)).ok_or_else(|| wrong(word))?;
                args.max_depth = Some(n.parse().map_err(|_| wrong(&n))?);
            }
            _ if word.starts_with('-') => {
                let digits = word.trim_start_matches('-').trim_start_matches('n');
                let plain = word.len() == digits.len() + 1 || word.starts_with("-n");
                args.max_depth = Some(digits.parse().ok().filter(|_| plain).ok_or_else(|| wrong(word))?);
            }
            _ => revision(args, word).ok_or_else(|| wrong(word))?,
        }
    }
    // All commits of all refs are the whole history, which a scan without a range reads anyway.
    let ranged = !(args.since_commit.is_empty() && args.range.is_empty() && args.branch.is_empty());
    if !ranged && args.since.is_none() && args.max_depth.is_none() {
        args.refs = None;
    }
    Ok(())
}

fn revision(args: &mut ScanArgs, word: &str) -> Option<()> {
    if word.contains("...") || word.is_empty() {
        return None;
    }
    match (word.split_once(".."), word.strip_prefix('^')) {
        (Some((from, "")), _) if !from.is_empty() => args.since_commit.push(from.to_owned()),
        (Some(("", to)), _) if !to.is_empty() => args.range.push(format!("HEAD..{to}")),
        (Some((from, to)), _) if !from.is_empty() && !to.is_empty() => args.range.push(word.to_owned()),
        (Some(_), _) => return None,
        (None, Some(rev)) => args.since_commit.push(rev.to_owned()),
        (None, None) => args.branch.push(word.to_owned()),
    }
    Some(())
}

/// Words as a shell parts them: at spaces, but for those in quotes.
fn words(text: &str) -> Result<Vec<String>> {
    let (mut all, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for c in text.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c == '\'' || c == '"' => (quote, begun) = (Some(c), true),
            (c, None) if c.is_whitespace() => {
                if begun {
                    all.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (c, _) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if quote.is_some() {
        return Err(Error::usage("--log-opts: a quote is not closed"));
    }
    if begun {
        all.push(word);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ScanArgs> {
        let mut args = ScanArgs::default();
        log_opts(&mut args, text).map(|()| args)
    }

    #[test]
    fn a_subset_of_log_options_is_understood() {
        let args = read("--all --since='2 weeks ago' a..b").unwrap();
        assert_eq!(
            (args.refs.as_deref(), args.since.as_deref(), &args.range[..]),
            (Some("all"), Some("2 weeks ago"), &["a..b".to_owned()][..])
        );
        assert_eq!(read("HEAD~3..").unwrap().since_commit, ["HEAD~3"]);
        assert_eq!(read("-n 5 main").map(|args| (args.max_depth, args.branch)).unwrap(), (Some(5), vec!["main".to_owned()]));
        assert_eq!(["-7", "-n7", "--max-count=7"].map(|text| read(text).unwrap().max_depth), [Some(7); 3]);
        assert_eq!(read("main ^old").unwrap().since_commit, ["old"]);
        assert_eq!(read("--all").unwrap().refs, None, "that is everything");
        for text in ["--no-merges", "-- path", "a...b", "..", "--since", "-n x", "'open", "--first-parent main", "--grep=x", "-p"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
