//! The filters of scope `place`: `lockfile` drops what stands in a package manager's lock file, `test-path`
//! lowers the severity of what stands in a test or example. They see one path and nothing of the value.

use super::Judgement;

const LOCKFILES: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "deno.lock",
    "cargo.lock",
    "go.sum",
    "go.work.sum",
    "poetry.lock",
    "pdm.lock",
    "uv.lock",
    "pipfile.lock",
    "composer.lock",
    "gemfile.lock",
    "mix.lock",
    "podfile.lock",
    "pubspec.lock",
    "packages.lock.json",
    "flake.lock",
    "gradle.lockfile",
    "package.resolved",
    "cartfile.resolved",
    "conan.lock",
    ".terraform.lock.hcl",
];

const TEST_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "spec",
    "specs",
    "__tests__",
    "__mocks__",
    "__snapshots__",
    "fixture",
    "fixtures",
    "testdata",
    "test-data",
    "test_data",
    "testfixtures",
    "mock",
    "mocks",
    "example",
    "examples",
    "sample",
    "samples",
    "cassettes",
    "vcr_cassettes",
    "e2e",
];

/// Drops what stands in a lock file: hashes and addresses of packages.
pub fn lockfile(path: &[u8]) -> Judgement {
    let name = file_name(path).to_ascii_lowercase();
    if LOCKFILES.iter().any(|lock| lock.as_bytes() == name) { Judgement::Drop("in a lock file") } else { Judgement::Keep }
}

/// Lowers the severity of what stands in a test, a fixture or an example; it is never dropped for that.
pub fn test_path(path: &[u8]) -> Judgement {
    if is_test(path) { Judgement::Mild("in a test or example file") } else { Judgement::Keep }
}

/// Whether the path is that of a test, a fixture or an example.
pub fn is_test(path: &[u8]) -> bool {
    let mut folders = path.split(|b| *b == b'/');
    let name = folders.next_back().unwrap_or_default().to_ascii_lowercase();
    let folder = folders.any(|folder| TEST_FOLDERS.iter().any(|test| test.as_bytes().eq_ignore_ascii_case(folder)));
    let has = |part: &str| memchr::memmem::find(&name, part.as_bytes()).is_some();
    let file =
        name.starts_with(b"test_") || [".test.", ".spec.", "_test.", "_spec.", "_tests.", "test.java", "tests.cs"].iter().any(|p| has(p));
    folder || file
}

fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_are_dropped() {
        for path in ["yarn.lock", "web/package-lock.json", "Cargo.lock", "a/b/go.sum"] {
            assert!(matches!(lockfile(path.as_bytes()), Judgement::Drop(_)), "{path}");
        }
        for path in ["lock.rs", "yarn.lock.md", "package.json", "yarn.lock/x"] {
            assert_eq!(lockfile(path.as_bytes()), Judgement::Keep, "{path}");
        }
    }

    #[test]
    fn tests_and_examples_are_lowered() {
        for path in ["test/a.rb", "src/Tests/x.py", "a/spec/fixtures/x.yml", "pkg/x_test.go", "x.spec.ts", "test_x.py", "src/FooTest.java"]
        {
            assert!(matches!(test_path(path.as_bytes()), Judgement::Mild(_)), "{path}");
        }
        for path in ["src/latest/a.rb", "contest.py", "config/.env", "src/testimony.go", "test"] {
            assert_eq!(test_path(path.as_bytes()), Judgement::Keep, "{path}");
        }
    }
}
