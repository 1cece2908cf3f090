//! The files below a folder: a parallel walk that lists what shall be scanned and counts what shall not. It
//! opens no file but those of ignore rules, and does not know what git tracks, nor what stands in a file.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bstr::BString;
use globset::GlobSet;

use super::ignored::Rules;
use crate::coverage::Notice;
use crate::error::describe;
use crate::progress::Progress;

/// What of a folder is listed.
#[derive(Clone, Debug, Default)]
pub struct FileOptions {
    /// Only files whose path relative to the root matches.
    pub include: Option<GlobSet>,
    /// No file and no folder whose path relative to the root matches.
    pub exclude: Option<GlobSet>,
    /// No file of more bytes.
    pub max_file_size: Option<u64>,
    /// The root is a git working tree: its ignore rules hide files, but never one whose name begins with a dot.
    pub ignore_rules: bool,
    /// List what those rules ignore as well.
    pub include_ignored: bool,
    /// A repository below the root is only named in [`FileList::nested_repositories`], not walked. Otherwise
    /// its files are listed like others, without its `.git`.
    pub nested: bool,
}

/// A walk to be done.
#[derive(Clone, Copy)]
pub struct FileWalk<'a> {
    /// Where it begins.
    pub root: &'a Path,
    /// What it lists.
    pub options: &'a FileOptions,
    /// What stops it.
    pub progress: &'a Progress,
}

/// A file to be scanned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundFile {
    /// Its path relative to the root, raw bytes, with `/` between the names.
    pub rel: BString,
    /// Its absolute path.
    pub path: PathBuf,
    /// It is a symbolic link: its text is its content.
    pub symlink: bool,
}

/// What a walk found, ordered by the bytes of the paths.
#[derive(Clone, Debug, Default)]
pub struct FileList {
    /// The root as it was given, for messages; of a single file the folder that it was named with.
    pub root: BString,
    /// The files to scan.
    pub files: Vec<FoundFile>,
    /// Folders below the root that are repositories, by absolute path.
    pub nested_repositories: Vec<PathBuf>,
    /// Files that ignore rules hide, and repositories in ignored folders.
    pub ignored: u64,
    /// Files that `include` or `exclude` leave out; a folder left out counts once.
    pub excluded: u64,
    /// Files over `max_file_size`.
    pub too_large: u64,
    /// Pipes, sockets and devices. They are never opened.
    pub special: u64,
    /// `.git` folders that were skipped, the root's among them.
    pub git_folders: u64,
    /// Trouble.
    pub notices: Vec<Notice>,
}

impl FileList {
    /// A relative path as messages show it: below the root as it was given.
    pub fn shown(&self, rel: &[u8]) -> BString {
        joined(&self.root, rel)
    }
}

/// Lists a single file that the user named; a link is followed. Its relative path is its name.
pub fn single(path: &Path) -> io::Result<FileList> {
    fs::metadata(path)?;
    let rel = raw(path.file_name().unwrap_or(path.as_os_str()));
    let root = raw(path.parent().unwrap_or(Path::new("")).as_os_str());
    let file = FoundFile { rel, path: std::path::absolute(path)?, symlink: false };
    Ok(FileList { root, files: vec![file], ..FileList::default() })
}

/// Walks a folder.
pub fn list(walk: FileWalk<'_>) -> FileList {
    let root = std::path::absolute(walk.root).unwrap_or_else(|_| walk.root.to_owned());
    let rules = if walk.options.ignore_rules { Rules::above(&root) } else { None };
    let walker = Walker { walk, root: &root, list: Mutex::default(), first_special: Mutex::default() };
    let top = Folder { path: root.clone(), rel: BString::default(), rules, hidden: false };
    rayon::scope(|scope| walker.folder(scope, top));
    let first_special = walker.first_special.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut list = walker.list.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(first) = first_special {
        let why = format!("{} pipes, sockets or devices are not opened, this among them", list.special);
        list.notices.push(Notice::info("special files", first, why));
    }
    list.root = raw(walk.root.as_os_str());
    list.files.sort_unstable();
    list.nested_repositories.sort_unstable();
    list.notices.sort_unstable();
    list
}

struct Walker<'a> {
    walk: FileWalk<'a>,
    root: &'a Path,
    list: Mutex<FileList>,
    /// The least path, so that the notice does not depend on the order of the walk.
    first_special: Mutex<Option<BString>>,
}

/// A folder to be walked.
struct Folder {
    path: PathBuf,
    rel: BString,
    /// The ignore rules of the folders above.
    rules: Option<Arc<Rules>>,
    /// It lies in an ignored folder, so only names that begin with a dot count.
    hidden: bool,
}

/// What a name in a folder stands for.
struct Entry {
    path: PathBuf,
    rel: BString,
    kind: FileType,
    ignored: bool,
}

impl Walker<'_> {
    fn folder<'s>(&'s self, scope: &rayon::Scope<'s>, folder: Folder) {
        if self.walk.progress.stopped() {
            return;
        }
        let mut found = FileList::default();
        let entries = self.entries(&folder, &mut found);
        if self.walk.options.nested && !folder.rel.is_empty() && is_repository(&folder.path, &entries) {
            if folder.hidden {
                found.ignored += 1;
            } else {
                found.nested_repositories.push(folder.path);
            }
            return self.add(found);
        }
        let rules = if self.walk.options.ignore_rules { Rules::below(folder.rules.clone(), &folder.path) } else { None };
        for entry in entries {
            let name = entry.file_name();
            let Some(entry) = self.entry(&folder, &entry, rules.as_deref(), &mut found) else { continue };
            if !entry.kind.is_dir() {
                self.file(entry, &mut found);
            } else if name == OsStr::new(".git") {
                found.git_folders += 1;
            } else {
                let below = Folder { path: entry.path, rel: entry.rel, rules: rules.clone(), hidden: entry.ignored };
                scope.spawn(move |scope| self.folder(scope, below));
            }
        }
        self.add(found);
    }

    fn entries(&self, folder: &Folder, found: &mut FileList) -> Vec<DirEntry> {
        let unreadable = |error: &io::Error| Notice::incomplete("unreadable folder", self.shown(&folder.rel), describe(error));
        let read = match fs::read_dir(&folder.path) {
            Ok(read) => read,
            Err(error) => {
                found.notices.push(unreadable(&error));
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for entry in read {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    found.notices.push(unreadable(&error));
                    break;
                }
            }
        }
        entries
    }

    /// What to make of an entry; `None` where it is left out, which is counted.
    fn entry(&self, folder: &Folder, entry: &DirEntry, rules: Option<&Rules>, found: &mut FileList) -> Option<Entry> {
        let name = entry.file_name();
        let (path, rel) = (entry.path(), joined(&folder.rel, &raw(&name)));
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => {
                found.notices.push(Notice::incomplete("unreadable file", self.shown(&rel), describe(&error)));
                return None;
            }
        };
        let options = self.walk.options;
        let matches = |globs: &Option<GlobSet>| globs.as_ref().map(|globs| globs.is_match(path.strip_prefix(self.root).unwrap_or(&path)));
        if matches(&options.exclude) == Some(true) || (!kind.is_dir() && matches(&options.include) == Some(false)) {
            found.excluded += 1;
            return None;
        }
        if kind.is_file() && options.ignore_rules && rel == ".git" {
            // It only says where the repository is.
            return None;
        }
        let ignored = folder.hidden || rules.is_some_and(|rules| rules.ignores(&path, kind.is_dir()));
        let ignored = ignored && !options.include_ignored;
        if ignored && !kind.is_dir() && !raw(&name).starts_with(b".") {
            found.ignored += 1;
            return None;
        }
        Some(Entry { path, rel, kind, ignored })
    }

    fn file(&self, entry: Entry, found: &mut FileList) {
        let symlink = entry.kind.is_symlink();
        if !symlink && !entry.kind.is_file() {
            found.special += 1;
            let place = self.shown(&entry.rel);
            let mut first = self.first_special.lock().unwrap_or_else(PoisonError::into_inner);
            if first.as_ref().is_none_or(|first| place < *first) {
                *first = Some(place);
            }
            return;
        }
        if let Some(most) = self.walk.options.max_file_size {
            match fs::symlink_metadata(&entry.path) {
                Ok(metadata) if metadata.len() > most => {
                    found.too_large += 1;
                    return;
                }
                Ok(_) => {}
                // It went away after the folder was read, so there is nothing left to scan.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return,
                Err(error) => return found.notices.push(Notice::incomplete("unreadable file", self.shown(&entry.rel), describe(&error))),
            }
        }
        found.files.push(FoundFile { rel: entry.rel, path: entry.path, symlink });
    }

    fn add(&self, found: FileList) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let list = &mut *list;
        list.files.extend(found.files);
        list.nested_repositories.extend(found.nested_repositories);
        list.notices.extend(found.notices);
        for (sum, more) in [
            (&mut list.ignored, found.ignored),
            (&mut list.excluded, found.excluded),
            (&mut list.too_large, found.too_large),
            (&mut list.special, found.special),
            (&mut list.git_folders, found.git_folders),
        ] {
            *sum += more;
        }
    }

    /// A path as a notice shows it: with the root as it was given.
    fn shown(&self, rel: &BString) -> BString {
        let root = raw(self.walk.root.as_os_str());
        if rel.is_empty() { root } else { joined(&root, rel) }
    }
}

/// Whether the names in a folder are those of a repository: a `.git` that is one, or a bare repository's own.
fn is_repository(folder: &Path, entries: &[DirEntry]) -> bool {
    let has = |name: &str, kind: fn(&FileType) -> bool| {
        entries.iter().any(|entry| entry.file_name() == OsStr::new(name) && entry.file_type().is_ok_and(|found| kind(&found)))
    };
    let git = folder.join(".git");
    // An empty `.git` folder, or a file that only has the name, makes no repository: it would hide what is beside it.
    (has(".git", |kind| !kind.is_file()) && (git.join("HEAD").exists() || git.join("objects").exists()))
        || (has(".git", FileType::is_file) && names_git_dir(&git))
        || (has("HEAD", |kind| !kind.is_dir()) && has("objects", FileType::is_dir) && has("refs", FileType::is_dir))
}

fn names_git_dir(file: &Path) -> bool {
    let mut head = [0; 7];
    fs::File::open(file).and_then(|mut file| io::Read::read_exact(&mut file, &mut head)).is_ok() && &head == b"gitdir:"
}

/// The raw bytes of a name.
fn raw(name: &OsStr) -> BString {
    name.as_encoded_bytes().into()
}

fn joined(folder: &[u8], name: &[u8]) -> BString {
    if folder.is_empty() {
        return name.into();
    }
    let slash: &[u8] = if folder.ends_with(b"/") { b"" } else { b"/" };
    [folder, slash, name].concat().into()
}

#[cfg(test)]
mod tests {
    use std::fs::write;

    use globset::{Glob, GlobSetBuilder};

    use super::*;

    fn walk(root: &Path, options: &FileOptions) -> FileList {
        list(FileWalk { root, options, progress: &Progress::new() })
    }

    fn names(list: &FileList) -> Vec<String> {
        list.files.iter().map(|file| file.rel.to_string()).collect()
    }

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write(path, name).unwrap();
        }
        dir
    }

    fn globs(patterns: &[&str]) -> Option<GlobSet> {
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            builder.add(Glob::new(pattern).unwrap());
        }
        Some(builder.build().unwrap())
    }

    #[test]
    fn lists_everything_in_order_and_skips_the_git_folder() {
        let dir = tree(&["b", "a/z", "a-b", "a/.hidden/x", ".env", ".git/config", ".gitignore", ".ignore"]);
        write(dir.path().join(".gitignore"), "b\n").unwrap();
        write(dir.path().join(".ignore"), "a-b\n").unwrap();
        let list = walk(dir.path(), &FileOptions::default());
        assert_eq!(names(&list), [".env", ".gitignore", ".ignore", "a-b", "a/.hidden/x", "a/z", "b"]);
        assert_eq!((list.git_folders, list.ignored, list.notices.len()), (1, 0, 0));
        assert!(list.files.iter().all(|file| file.path.is_absolute() && file.path.is_file()));
        assert!(!list.files[0].symlink);
    }

    #[test]
    fn ignore_rules_hide_but_never_dot_files() {
        let dir =
            tree(&[".git/info/exclude", "out/a", "out/.env", "out/deep/b", "keep.log", "x.log", ".env", "sub/y.log", "sub/z.tmp", "own"]);
        write(dir.path().join(".git/info/exclude"), "own\n").unwrap();
        write(dir.path().join(".gitignore"), "\u{feff}out/\n*.log\n!keep.log\n.env\n*.tmp\n").unwrap();
        write(dir.path().join("sub/.gitignore"), "!*.log\n").unwrap();
        let options = FileOptions { ignore_rules: true, ..FileOptions::default() };
        let list = walk(dir.path(), &options);
        assert_eq!(names(&list), [".env", ".gitignore", "keep.log", "out/.env", "sub/.gitignore", "sub/y.log"]);
        assert_eq!(list.ignored, 5, "out/a, out/deep/b, x.log, sub/z.tmp, own");
        // Below the top of the working tree the rules from above hold as well.
        let below = walk(&dir.path().join("sub"), &options);
        assert_eq!(names(&below), [".gitignore", "y.log"]);
        let all = walk(dir.path(), &FileOptions { include_ignored: true, ..options });
        assert_eq!((all.files.len(), all.ignored), (11, 0));
    }

    #[test]
    fn repositories_below_are_named_not_walked() {
        let dir = tree(&[
            "a/.git/HEAD",
            "a/x",
            "b/.git",
            "b/y",
            "bare/HEAD",
            "bare/objects/p",
            "bare/refs/r",
            "c/.git/readme",
            "c/z",
            "d/.git",
            "d/w",
            "HEAD",
        ]);
        write(dir.path().join("b/.git"), "gitdir: ../elsewhere\n").unwrap();
        let options = FileOptions { nested: true, ..FileOptions::default() };
        let list = walk(dir.path(), &options);
        assert_eq!(names(&list), ["HEAD", "c/z", "d/.git", "d/w"]);
        let nested: Vec<_> = list.nested_repositories.iter().map(|path| path.file_name().unwrap().to_owned()).collect();
        assert_eq!(nested, ["a", "b", "bare"]);
        let flat = walk(dir.path(), &FileOptions::default());
        assert!(flat.nested_repositories.is_empty());
        assert_eq!((flat.git_folders, flat.files.len()), (2, 10));
    }

    #[test]
    fn globs_and_size_leave_out() {
        let dir = tree(&["a.txt", "b.md", "vendor/c.txt", "vendor/deep/d.txt", "sub/a-long-name.txt"]);
        let mut options = FileOptions { include: globs(&["**/*.txt"]), exclude: globs(&["vendor"]), ..FileOptions::default() };
        let list = walk(dir.path(), &options);
        assert_eq!(names(&list), ["a.txt", "sub/a-long-name.txt"]);
        assert_eq!(list.excluded, 2, "b.md, and vendor once");
        options.max_file_size = Some(10);
        let list = walk(dir.path(), &options);
        assert_eq!((names(&list), list.too_large), (vec!["a.txt".to_owned()], 1));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_pipes_not_opened() {
        let dir = tree(&["real/x"]);
        std::os::unix::fs::symlink("real", dir.path().join("folder-link")).unwrap();
        std::os::unix::fs::symlink("..", dir.path().join("real/loop")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(dir.path().join("real/pipe")).status().is_ok_and(|s| s.success());
        let list = walk(dir.path(), &FileOptions { ignore_rules: true, nested: true, ..FileOptions::default() });
        assert_eq!(names(&list), ["folder-link", "real/loop", "real/x"]);
        assert!(list.files[0].symlink && !list.files[2].symlink);
        assert_eq!(list.special, 1 + u64::from(made));
        assert!(list.notices.len() == 1 && !list.notices[0].incomplete, "{:?}", list.notices);
    }

    #[cfg(unix)]
    #[test]
    fn names_are_raw_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let name = OsStr::from_bytes(b"odd-\xff\n");
        if write(dir.path().join(name), "x").is_err() {
            return; // Some file systems take only UTF-8.
        }
        let list = walk(dir.path(), &FileOptions { exclude: globs(&["*.x"]), ..FileOptions::default() });
        assert_eq!(list.files[0].rel, b"odd-\xff\n".as_slice());
        assert_eq!(fs::read(&list.files[0].path).unwrap(), b"x");
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_read_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let missing = walk(Path::new("/nowhere/at/all"), &FileOptions::default());
        assert!(missing.files.is_empty() && missing.notices[0].incomplete);
        assert_eq!(missing.notices[0].place, "/nowhere/at/all");
        let dir = tree(&["shut/x", "y"]);
        let shut = dir.path().join("shut");
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o000)).unwrap();
        let refused = fs::read_dir(&shut).is_err(); // Not for an administrator.
        let list = walk(dir.path(), &FileOptions::default());
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(list.notices.len(), usize::from(refused));
        assert!(list.notices.iter().all(|notice| notice.incomplete && notice.place.ends_with(b"/shut")));
    }

    #[test]
    fn a_single_file_goes_by_its_name() {
        let dir = tree(&["sub/only"]);
        let list = single(&dir.path().join("sub/only")).unwrap();
        assert_eq!(names(&list), ["only"]);
        assert!(list.shown(b"only").ends_with(b"/sub/only"));
        assert!(single(&dir.path().join("none")).is_err());
    }

    #[test]
    fn a_stopped_walk_ends() {
        let dir = tree(&["a", "b/c"]);
        let progress = Progress::new();
        progress.stop(2);
        assert!(list(FileWalk { root: dir.path(), options: &FileOptions::default(), progress: &progress }).files.is_empty());
    }
}
