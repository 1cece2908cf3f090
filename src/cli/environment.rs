//! Options by the environment: each long option has a variable, `UNLEAK_` and its name. They are put into the command
//! line as if they had been typed, except where something typed says the same or contradicts. It reads no environment
//! itself: whoever calls knows it.

use std::ffi::{OsStr, OsString};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// How a variable is looked up.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Reads a command line together with the environment. An error is one for the user, ready to be shown.
pub fn matches(command: &mut Command, args: &[OsString], lookup: Lookup<'_>) -> Result<ArgMatches, clap::Error> {
    let typed = command.try_get_matches_from_mut(args)?;
    let (depth, given) = {
        let (mut inner, mut said, mut depth) = (&*command, &typed, 0);
        while let Some((name, below)) = said.subcommand() {
            let Some(found) = inner.find_subcommand(name) else { break };
            (inner, said, depth) = (found, below, depth + 1);
        }
        (depth, given(inner, said, lookup)?)
    };
    if given.is_empty() {
        return Ok(typed);
    }
    // Options stand behind the words of the command; before a `--` that may follow.
    let at = (1 + depth).min(args.len());
    let more = given.iter().flat_map(|(_, words)| words);
    let all: Vec<&OsString> = args[..at].iter().chain(more).chain(&args[at..]).collect();
    command.try_get_matches_from_mut(all).map_err(|error| {
        let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        let text = error.render().to_string();
        let text = text.trim_start_matches("error: ").trim_end();
        clap::Error::raw(error.kind(), format!("{text}\n\nFrom the environment came {}\n", names.join(", ")))
    })
}

/// The options that the environment gives a command: the variable, and the words to be typed.
fn given(command: &Command, typed: &ArgMatches, lookup: Lookup<'_>) -> Result<Vec<(String, Vec<OsString>)>, clap::Error> {
    let is_typed = |arg: &Arg| typed.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let contradicts = |arg: &Arg| {
        let against = |one: &Arg, other: &Arg| command.get_arg_conflicts_with(one).iter().any(|found| found.get_id() == other.get_id());
        command.get_arguments().filter(|other| is_typed(other)).any(|other| against(arg, other) || against(other, arg))
    };
    let mut all = Vec::new();
    for arg in command.get_arguments().filter(|arg| !matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpLong | ArgAction::Version))
    {
        let Some(long) = arg.get_long() else { continue };
        let name = variable(long);
        // Pipelines set variables to nothing where they mean that they are not set.
        let Some(value) = lookup(&name).filter(|value| !value.is_empty()) else { continue };
        if is_typed(arg) || contradicts(arg) {
            continue;
        }
        let word = |value: &OsStr| [OsStr::new("--"), OsStr::new(long), OsStr::new("="), value].into_iter().collect::<OsString>();
        let words = match arg.get_action() {
            ArgAction::SetTrue if is_yes(&name, &value)? => vec![OsString::from(format!("--{long}"))],
            ArgAction::SetTrue => continue,
            ArgAction::Append => list(&value).iter().map(|value| word(value)).collect(),
            _ => vec![word(&value)],
        };
        all.push((name, words));
    }
    Ok(all)
}

fn is_yes(name: &str, value: &OsStr) -> Result<bool, clap::Error> {
    let value = value.to_string_lossy();
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Ok(true),
        "0" | "false" | "no" | "off" | "n" | "f" => Ok(false),
        _ => Err(clap::Error::raw(
            clap::error::ErrorKind::InvalidValue,
            format!("the variable {name} is {value:?}, and its option takes no value: set it to 1 or 0\n"),
        )),
    }
}

/// The values of an option that may be repeated: they are separated by commas or line breaks. A comma in braces, as globs
/// have them, or behind a backslash belongs to its value.
fn list(value: &OsStr) -> Vec<OsString> {
    let Some(text) = value.to_str() else { return vec![value.to_owned()] };
    let (mut all, mut one, mut braces) = (Vec::new(), String::new(), 0_usize);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\r' => all.push(std::mem::take(&mut one)),
            ',' if braces == 0 => all.push(std::mem::take(&mut one)),
            '\\' if chars.peek() == Some(&',') => one.extend(chars.next()),
            _ => {
                braces = if c == '{' { braces + 1 } else { braces.saturating_sub(usize::from(c == '}')) };
                one.push(c);
            }
        }
    }
    all.push(one);
    all.iter().map(|one| one.trim()).filter(|one| !one.is_empty()).map(OsString::from).collect()
}

fn variable(long: &str) -> String {
    format!("UNLEAK_{}", long.to_ascii_uppercase().replace('-', "_"))
}

/// The names of all variables that mean something to a command and those below it.
pub fn names(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|arg| arg.get_long()).map(variable);
    own.chain(command.get_subcommands().flat_map(names)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str], variables: &[(&str, &str)]) -> Result<ArgMatches, clap::Error> {
        let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        let args: Vec<OsString> = std::iter::once("unleak").chain(args.iter().copied()).map(OsString::from).collect();
        matches(&mut crate::cli::command(), &args, &lookup)
    }

    fn many(matches: &ArgMatches, id: &str) -> Vec<String> {
        let (_, scan) = matches.subcommand().unwrap();
        scan.get_many::<String>(id).unwrap_or_default().cloned().collect()
    }

    #[test]
    fn lists_are_cut_at_commas_and_line_breaks() {
        let cut = |text: &str| list(OsStr::new(text)).into_iter().map(|one| one.into_string().unwrap()).collect::<Vec<_>>();
        assert_eq!(cut("a"), ["a"]);
        assert_eq!(cut("a, b,\n c\r\n"), ["a", "b", "c"]);
        assert_eq!(cut("*.{a,b},c"), ["*.{a,b}", "c"]);
        assert_eq!(cut(r"x\,y,C:\z"), ["x,y", r"C:\z"]);
        assert!(cut(" ,\n").is_empty());
    }

    #[test]
    fn what_is_typed_decides() {
        let set = [("UNLEAK_RULE", "github,aws"), ("UNLEAK_SEVERITY", "high"), ("UNLEAK_JSON", "1"), ("UNLEAK_EXCLUDE", "")];
        let all = read(&["scan", "--", "-x"], &set).unwrap();
        assert_eq!((many(&all, "rule"), many(&all, "severity")), (vec!["github".to_owned(), "aws".to_owned()], vec!["high".to_owned()]));
        assert!(all.subcommand().unwrap().1.get_flag("json") && many(&all, "exclude").is_empty());
        let all = read(&["scan", "--rule", "npm", "-f", "csv"], &set).unwrap();
        assert_eq!(many(&all, "rule"), ["npm"]);
        assert!(!all.subcommand().unwrap().1.get_flag("json"), "it contradicts a format that is typed");
        let open = [("UNLEAK_FAIL_OPEN", "true")];
        let hook = |args: &[&str]| {
            let all = read(&[&["hook", "run", "pre-commit"], args].concat(), &open).unwrap();
            let (_, hook) = all.subcommand().unwrap();
            let (_, run) = hook.subcommand().unwrap();
            (run.get_flag("fail_open"), run.get_flag("fail_closed"))
        };
        assert_eq!((hook(&[]), hook(&["--fail-closed"])), ((true, false), (false, true)));
    }

    #[test]
    fn what_is_wrong_names_the_variable() {
        let fault = |variables: &[(&str, &str)]| read(&["scan"], variables).unwrap_err().render().to_string();
        let level = fault(&[("UNLEAK_SEVERITY", "dire")]);
        assert!(level.contains("'dire' for '--severity") && level.contains("came UNLEAK_SEVERITY"), "{level}");
        assert!(!level.contains("error: error"), "{level}");
        assert!(fault(&[("UNLEAK_STRICT", "maybe")]).contains("UNLEAK_STRICT is \"maybe\""));
        let both = fault(&[("UNLEAK_JSON", "1"), ("UNLEAK_FORMAT", "csv")]);
        assert!(both.contains("cannot be used with") && both.contains("UNLEAK_FORMAT, UNLEAK_JSON"), "{both}");
    }
}
