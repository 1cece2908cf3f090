//! What `--help` teaches by example, for each command, and the table of exit codes.

/// Exit codes.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    everything was scanned and nothing was found
  1    findings (another code with --exit-code, 0 with --exit-zero)
  2    wrong command line or configuration; nothing was scanned
  3    nothing was found, but something could not be read or written (0 with --allow-incomplete)
  130  interrupted (143: terminated)

Every option can be given by the environment: --fail-on as UNLEAK_FAIL_ON, --strict as UNLEAK_STRICT=1,
several --exclude as UNLEAK_EXCLUDE=a,b. What is typed decides.";

/// Of the program.
pub(super) const PROGRAM: &str = "\
Examples:
  unleak demo                              see what a finding looks like
  unleak scan .                            the repository you stand in, with its whole history
  unleak scan ~/src/app /var/log/app.log   several targets, one report
  unleak scan https://host/group/app.git   clone it, scan it, remove the clone
  unleak scan --staged                     what you are about to commit
  unleak git . --since-commit HEAD~100     the last hundred commits
  kubectl logs app | unleak stdin          a stream
  unleak scan . -o report.sarif -o json:report.json";

/// Of `scan`.
pub(super) const SCAN: &str = "\
Examples:
  unleak scan                              everything of the repository you stand in
  unleak scan --changes                    what is not committed yet, untracked files included
  unleak scan --range main..topic          what the commits of a branch add
  unleak scan . --exclude 'docs/**'        not these paths
  unleak scan . --rule github --rule aws   only these providers
  unleak scan . --confidence low           also what is only possible
  unleak scan . --fail-on high             report everything, fail for the worse half
  unleak scan . --baseline known.json      only what the baseline does not know
  unleak scan . --strict                   let nothing be hidden
  unleak scan . -o gl-secret-detection-report.json -o junit:unleak.xml -o markdown:summary.md";

/// Of `git`.
pub(super) const GIT: &str = "\
Examples:
  unleak git                               the history of the repository you stand in
  unleak git ~/src/app --since '2 weeks ago'
  unleak git . --since-commit HEAD~100 --json
  unleak git https://host/group/app.git -f sarif";

/// Of `dir`.
pub(super) const DIR: &str = "\
Examples:
  unleak dir build/ dist/app.js            files, whatever git knows of them
  unleak dir . --include '*.env' --max-file-size 1M";

/// Of `stdin`.
pub(super) const STDIN: &str = "\
Examples:
  kubectl logs app | unleak stdin
  git diff HEAD~1 | unleak stdin --exit-zero -f json";

/// Of `ignore`.
pub(super) const IGNORE: &str = "\
Examples:
  unleak ignore add b188dc70246dde87ba59e61047860bad --reason 'revoked in May' --owner ada
  unleak ignore add w0a1b2 --until 2027-01-31
  unleak ignore list
  unleak ignore prune                      remove what has expired or hides nothing";

/// Of `baseline`.
pub(super) const BASELINE: &str = "\
Examples:
  unleak baseline create known.json        what there is today
  unleak scan . --baseline known.json      from now on only what is new
  unleak baseline diff known.json          what is new, and what is gone
  unleak baseline update known.json        bring it up to date";

/// Of `config`.
pub(super) const CONFIG: &str = "\
Examples:
  unleak config show                       what is in force here, and which file says so
  unleak config check                      whether that is right
  unleak config check team.toml            whether this file is";

/// Examples and exit codes.
pub(super) fn long(examples: &str) -> String {
    format!("{examples}\n\n{EXIT_CODES}")
}
