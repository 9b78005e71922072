use super::*;
use crate::{NAME_MAX, Stat};

/// Somebody with the directory `data` open under 1, on a disk that holds a little.
struct Desk {
    disk: MemoryDisk,
    now: u64,
    last: u32,
}

fn desk() -> Desk {
    let data = Image::directory([
        ("a.txt", Image::file(*b"hello")),
        ("in", Image::Link("sub/deep".into())),
        ("out", Image::Link("../secret".into())),
        ("round", Image::Link("round".into())),
        ("root", Image::Link("/etc".into())),
        ("sub", Image::directory([("deep", Image::file(*b"down"))])),
    ]);
    let images = BTreeMap::from([("data".to_owned(), data), ("secret".to_owned(), Image::file(*b"no"))]);
    let mut desk = Desk { disk: MemoryDisk::new(&images, 5), now: 10, last: 1 };
    desk.does(Op::Root { name: "data".into(), handle: 1 }).unwrap();
    desk
}

impl Desk {
    fn does(&mut self, op: Op) -> Outcome {
        self.disk.perform(7, op, self.now)
    }

    fn open(&mut self, path: &str, how: How) -> Result<u32, Errno> {
        self.last += 1;
        let handle = self.last;
        self.does(Op::Open { dir: 1, path: path.into(), how, handle }).map(|_| handle)
    }

    fn read(&mut self, path: &str) -> Result<String, Errno> {
        let handle = self.open(path, How { follow: true, read: true, ..How::default() })?;
        match self.does(Op::Read { handle, offset: 0, len: 100 })? {
            Answer::Data(bytes) => Ok(String::from_utf8(bytes).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// Syncs a file, or the directory.
    fn sync(&mut self, handle: Option<u32>) {
        let root = Op::Root { name: "data".into(), handle: 1 };
        self.does(root).unwrap();
        self.does(Op::Sync { handle: handle.unwrap_or(1), data_only: false }).unwrap();
    }

    /// A crash that loses the last changes of each file and of names, and leaves so many quarters of the first of
    /// those; gives how many there were.
    fn crash(&mut self, changes: usize, quarters: u32, names: usize) -> (Vec<(String, usize)>, usize) {
        let unsynced = self.disk.crash();
        for file in &unsynced.files {
            self.disk.lose(file, changes.min(file.changes), (quarters, 4));
        }
        self.disk.lose_names(names.min(unsynced.names));
        self.does(Op::Root { name: "data".into(), handle: 1 }).unwrap();
        let again = self.disk.crash();
        assert_eq!(again, Unsynced::default(), "what is left is synced");
        self.does(Op::Root { name: "data".into(), handle: 1 }).unwrap();
        (unsynced.files.into_iter().map(|file| (file.path, file.changes)).collect(), unsynced.names)
    }

    fn write(&mut self, handle: u32, offset: Option<u64>, data: &[u8]) -> Outcome {
        self.does(Op::Write { handle, offset, data: data.into(), sync: false })
    }

    fn stat(&mut self, path: &str, follow: bool) -> Result<Stat, Errno> {
        match self.does(Op::PathStat { dir: 1, path: path.into(), follow })? {
            Answer::Stat(stat) => Ok(stat),
            other => panic!("{other:?}"),
        }
    }

    fn names(&mut self, handle: u32) -> Vec<String> {
        match self.does(Op::List { handle }).unwrap() {
            Answer::List(entries) => entries.into_iter().map(|entry| entry.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn rename(&mut self, path: &str, to: &str) -> Outcome {
        self.does(Op::Rename { dir: 1, path: path.into(), to_dir: 1, to: to.into() })
    }

    fn make_directory(&mut self, path: &str) -> Outcome {
        self.does(Op::CreateDirectory { dir: 1, path: path.into() })
    }

    fn remove_directory(&mut self, path: &str) -> Outcome {
        self.does(Op::RemoveDirectory { dir: 1, path: path.into() })
    }

    fn unlink(&mut self, path: &str) -> Outcome {
        self.does(Op::Unlink { dir: 1, path: path.into() })
    }
}

const NEW: How = How {
    follow: true,
    create: true,
    read: true,
    write: true,
    exclusive: false,
    directory: false,
    truncate: false,
};

#[test]
fn paths_lead_where_links_lead_and_never_out() {
    let mut desk = desk();
    for (path, read) in [
        ("a.txt", Ok("hello")),
        ("./sub/../a.txt", Ok("hello")),
        ("in", Ok("down")),
        ("sub//deep", Ok("down")),
        ("sub/nothing", Err(Errno::Noent)),
        ("nothing/deep", Err(Errno::Noent)),
        ("a.txt/", Err(Errno::Notdir)),
        ("a.txt/deep", Err(Errno::Notdir)),
        ("in/x", Err(Errno::Notdir)),
        ("sub", Err(Errno::Isdir)),
        ("", Err(Errno::Noent)),
        ("/data/a.txt", Err(Errno::Perm)),
        ("..", Err(Errno::Perm)),
        ("../secret", Err(Errno::Perm)),
        ("sub/../../secret", Err(Errno::Perm)),
        ("out", Err(Errno::Perm)),
        ("out/x", Err(Errno::Perm)),
        ("root/passwd", Err(Errno::Perm)),
        ("round", Err(Errno::Loop)),
    ] {
        assert_eq!(desk.read(path), read.map(str::to_owned), "{path}");
    }
    let long = "x".repeat(NAME_MAX + 1);
    assert_eq!(desk.read(&long), Err(Errno::Nametoolong));
    assert_eq!(desk.open("in", How { read: true, ..How::default() }), Err(Errno::Loop), "not followed");
}

#[test]
fn a_file_is_written_read_and_cut() {
    let mut desk = desk();
    let file = desk.open("new", NEW).unwrap();
    assert_eq!(desk.write(file, Some(2), b"abc"), Ok(Answer::Written { len: 3, end: 5 }));
    assert_eq!(desk.write(file, None, b"d"), Ok(Answer::Written { len: 1, end: 6 }));
    assert_eq!(desk.read("new"), Ok("\0\0abcd".into()));
    desk.does(Op::SetSize { handle: file, size: 3 }).unwrap();
    desk.does(Op::Allocate { handle: file, size: 2 }).unwrap();
    assert_eq!(desk.read("new"), Ok("\0\0a".into()));
    desk.open("new", How { truncate: true, write: true, ..How::default() }).unwrap();
    assert_eq!(desk.read("new"), Ok(String::new()));
    assert_eq!(desk.open("new", How { exclusive: true, ..NEW }), Err(Errno::Exist));
    assert_eq!(desk.open("sub", How { write: true, ..How::default() }), Err(Errno::Isdir));
    assert_eq!(desk.open("new", How { directory: true, ..How::default() }), Err(Errno::Notdir));
    assert_eq!(desk.open("none/", NEW), Err(Errno::Isdir));
}

#[test]
fn an_image_is_shared_and_never_written_to() {
    let bytes = std::sync::Arc::new(b"old".to_vec());
    let images = BTreeMap::from([(
        "d".to_owned(),
        Image::directory([("f", Image::File(std::sync::Arc::clone(&bytes)))]),
    )]);
    let mut disk = MemoryDisk::new(&images, 0);
    let mut does = |op| disk.perform(1, op, 0).unwrap();
    does(Op::Root { name: "d".into(), handle: 1 });
    does(Op::Open { dir: 1, path: "f".into(), how: How { write: true, ..How::default() }, handle: 2 });
    does(Op::Write { handle: 2, offset: Some(0), data: b"new!".into(), sync: false });
    assert_eq!(*bytes, b"old");
}

#[test]
fn numbers_count_in_the_order_of_making_and_times_are_the_callers() {
    let mut desk = desk();
    // The directory, then by names: a.txt, in, out, root, round, sub, sub/deep.
    let inodes = ["a.txt", "in", "sub", "sub/deep"].map(|path| desk.stat(path, false).unwrap().inode);
    assert_eq!(inodes, [2, 3, 7, 8]);
    desk.open("new", NEW).unwrap();
    let new = desk.stat("new", true).unwrap();
    assert_eq!((new.inode, new.accessed, new.modified, new.changed), (10, 10, 10, 10));
    desk.now = 20;
    desk.does(Op::PathSetTimes {
        dir: 1,
        path: "in".into(),
        follow: true,
        accessed: SetTime::At(3),
        modified: SetTime::Now,
    })
    .unwrap();
    let deep = desk.stat("in", true).unwrap();
    assert_eq!((deep.inode, deep.accessed, deep.modified, deep.changed), (8, 3, 20, 20));
    assert_eq!(desk.stat("in", false).unwrap().filetype, Filetype::Link);
    assert_eq!(desk.stat("in", false).unwrap().size, 8);
    assert_eq!(desk.names(1), ["a.txt", "in", "new", "out", "root", "round", "sub"]);
}

#[test]
fn directories_come_and_go_when_they_are_empty() {
    let mut desk = desk();
    assert_eq!(desk.make_directory("sub"), Err(Errno::Exist));
    assert_eq!(desk.make_directory("x/y"), Err(Errno::Noent));
    assert_eq!(desk.make_directory("x/"), Ok(Answer::Done));
    assert_eq!(desk.make_directory("."), Err(Errno::Exist));
    assert_eq!(desk.remove_directory("sub"), Err(Errno::Notempty));
    assert_eq!(desk.remove_directory("a.txt"), Err(Errno::Notdir));
    assert_eq!(desk.remove_directory("."), Err(Errno::Inval));
    assert_eq!(desk.unlink("x"), Err(Errno::Isdir));
    let open = desk.open("x", How { directory: true, ..How::default() }).unwrap();
    assert_eq!(desk.remove_directory("x"), Ok(Answer::Done));
    let in_it = Op::CreateDirectory { dir: open, path: "y".into() };
    assert_eq!(desk.does(in_it), Err(Errno::Noent), "it was removed");
    assert_eq!(desk.unlink("nothing"), Err(Errno::Noent));
    assert_eq!(desk.unlink("a.txt/"), Err(Errno::Notdir));
}

#[test]
fn a_name_is_given_to_another_place() {
    let mut desk = desk();
    assert_eq!(desk.rename("a.txt", "sub"), Err(Errno::Isdir));
    assert_eq!(desk.rename("sub", "a.txt"), Err(Errno::Notdir));
    assert_eq!(desk.rename("sub", "sub/in"), Err(Errno::Inval));
    assert_eq!(desk.rename("a.txt", "b/"), Err(Errno::Notdir));
    assert_eq!(desk.rename(".", "b"), Err(Errno::Busy));
    assert_eq!(desk.rename("a.txt", "a.txt"), Ok(Answer::Done));
    assert_eq!(desk.rename("a.txt", "sub/deep"), Ok(Answer::Done));
    assert_eq!(desk.read("in"), Ok("hello".into()));
    desk.make_directory("empty").unwrap();
    assert_eq!(desk.rename("sub", "empty"), Ok(Answer::Done));
    assert_eq!(desk.read("empty/deep"), Ok("hello".into()));
    assert_eq!(desk.rename("out", "sub2"), Ok(Answer::Done), "a link itself");
    assert_eq!(desk.stat("sub2", false).unwrap().filetype, Filetype::Link);
}

#[test]
fn names_and_links() {
    let mut desk = desk();
    let link = |path: &str, to: &str| Op::Link { dir: 1, path: path.into(), to_dir: 1, to: to.into() };
    assert_eq!(desk.does(link("sub", "s")), Err(Errno::Perm));
    assert_eq!(desk.does(link("a.txt", "in")), Err(Errno::Exist));
    assert_eq!(desk.does(link("a.txt", "b.txt")), Ok(Answer::Done));
    assert_eq!(desk.stat("b.txt", true).unwrap().links, 2);
    desk.unlink("a.txt").unwrap();
    assert_eq!(desk.read("b.txt"), Ok("hello".into()));
    let symlink = |target: &str, path: &str| Op::Symlink { target: target.into(), dir: 1, path: path.into() };
    assert_eq!(desk.does(symlink("/etc", "e")), Err(Errno::Perm));
    assert_eq!(desk.does(symlink("b.txt", "b.txt")), Err(Errno::Exist));
    assert_eq!(desk.does(symlink("b.txt", "c")), Ok(Answer::Done));
    assert_eq!(desk.read("c"), Ok("hello".into()));
    let read_link = |path: &str| Op::ReadLink { dir: 1, path: path.into() };
    assert_eq!(desk.does(read_link("c")), Ok(Answer::Text("b.txt".into())));
    assert_eq!(desk.does(read_link("b.txt")), Err(Errno::Inval));
}

#[test]
fn what_is_open_lasts_and_is_gone_with_who_had_it() {
    let mut desk = desk();
    let file = desk.open("a.txt", How { read: true, ..How::default() }).unwrap();
    let before = desk.disk.used();
    desk.unlink("a.txt").unwrap();
    assert_eq!(desk.disk.used(), before);
    assert_eq!(desk.does(Op::Read { handle: file, offset: 1, len: 2 }), Ok(Answer::Data(b"el".into())));
    assert_eq!(desk.disk.perform(8, Op::Stat { handle: file }, 0), Err(Errno::Badf), "another's");
    desk.disk.forget(7);
    assert_eq!(desk.disk.used(), before, "a crash may give its name back");
    desk.sync(None);
    assert_eq!(desk.disk.used(), (before.0 - 1, before.1 - 5));
    assert_eq!(desk.does(Op::Stat { handle: file }), Err(Errno::Badf));
    assert_eq!(desk.does(Op::Close { handle: file }), Err(Errno::Badf));
}

#[test]
fn a_disk_is_full_before_the_host_is() {
    let mut desk = desk();
    let file = desk.open("big", NEW).unwrap();
    let size = |size| Op::SetSize { handle: file, size };
    assert_eq!(desk.does(size(u64::MAX)), Err(Errno::Fbig));
    assert_eq!(desk.write(file, Some(u64::MAX), b"xy"), Err(Errno::Fbig));
    assert_eq!(desk.write(file, Some(ROOM), b"xy"), Err(Errno::Nospc));
    desk.does(size(1 << 20)).unwrap();
    let made = (0u32..).take_while(|n| desk.make_directory(&format!("d{n}")).is_ok()).count() as u64;
    assert!((ROOM - (2 << 20)) / 4096 < made && made < ROOM / 4096, "{made}");
    desk.does(size(0)).unwrap();
    assert_eq!(desk.make_directory("one-more"), Ok(Answer::Done));
}

#[test]
fn a_directory_within_another_is_that_part_of_it() {
    let data = Image::directory([("in", Image::directory([("f", Image::file(*b"x"))]))]);
    let images = BTreeMap::from([
        ("data".to_owned(), data),
        ("data-2".to_owned(), Image::default()),
        ("data/in".to_owned(), Image::default()),
    ]);
    let mut disk = MemoryDisk::new(&images, 0);
    let mut does = |op| disk.perform(1, op, 0);
    does(Op::Root { name: "data/in".into(), handle: 1 }).unwrap();
    assert!(does(Op::PathStat { dir: 1, path: "f".into(), follow: false }).is_ok());
    assert_eq!(does(Op::Root { name: "other".into(), handle: 2 }), Err(Errno::Noent));
}

#[test]
fn a_crash_takes_back_a_tail_of_what_was_written_and_not_synced() {
    for (lost, quarters, left) in [
        (0, 0, "HE\0\0xyz"),
        (1, 0, "HE"),
        (1, 2, "HE\0\0x"),
        (2, 0, "HEllo"),
        (3, 0, "hello"),
        (3, 3, "Hello"),
        (9, 0, "hello"),
    ] {
        let mut desk = desk();
        let file = desk.open("a.txt", How { read: true, write: true, ..How::default() }).unwrap();
        desk.write(file, Some(0), b"HE").unwrap();
        desk.does(Op::SetSize { handle: file, size: 2 }).unwrap();
        desk.write(file, Some(4), b"xyz").unwrap();
        assert_eq!(desk.crash(lost, quarters, 0), (vec![("data/a.txt".to_owned(), 3)], 0));
        assert_eq!(desk.read("a.txt"), Ok(left.into()), "{lost} lost, {quarters} quarters left");
    }
    // What was synced stays, whatever else is lost: by itself, or as it was written.
    let mut desk = desk();
    let file = desk.open("a.txt", How { write: true, ..How::default() }).unwrap();
    desk.write(file, Some(0), b"synced").unwrap();
    desk.sync(Some(file));
    desk.write(file, None, b" lost").unwrap();
    assert_eq!(desk.crash(9, 0, 0).0, [("data/a.txt".to_owned(), 1)]);
    assert_eq!(desk.read("a.txt"), Ok("synced".into()));
    let file = desk.open("a.txt", How { write: true, ..How::default() }).unwrap();
    desk.does(Op::Write { handle: file, offset: Some(0), data: b"S".into(), sync: true }).unwrap();
    assert_eq!(desk.crash(9, 0, 0).0, []);
    assert_eq!(desk.read("a.txt"), Ok("Synced".into()));
    // What is older than the last changes counts as synced.
    let file = desk.open("a.txt", How { write: true, ..How::default() }).unwrap();
    (0..100).for_each(|n| drop(desk.write(file, Some(6), &[b'0' + n % 10]).unwrap()));
    assert_eq!(desk.crash(100, 0, 0).0, [("data/a.txt".to_owned(), 64)]);
    assert_eq!(desk.read("a.txt"), Ok("Synced5".into()));
}

#[test]
fn a_crash_takes_back_a_tail_of_names_that_were_not_synced() {
    let all = ["made/f", "b.txt", "a.txt", "in"];
    for (lost, there) in [
        (0, [Some("new"), None, Some("hello"), Some("hello")]),
        // The rename that took `sub/deep`'s place, then the link, the file, its directory, what was unlinked.
        (1, [Some("new"), Some("hello"), Some("hello"), Some("down")]),
        (2, [Some("new"), None, Some("hello"), Some("down")]),
        (3, [None, None, Some("hello"), Some("down")]),
        (4, [None, None, Some("hello"), Some("down")]),
        (9, [None, None, Some("hello"), Some("down")]),
    ] {
        let mut desk = desk();
        desk.make_directory("made").unwrap();
        let file = desk.open("made/f", NEW).unwrap();
        desk.does(Op::Write { handle: file, offset: None, data: b"new".into(), sync: true }).unwrap();
        desk.does(Op::Link { dir: 1, path: "a.txt".into(), to_dir: 1, to: "b.txt".into() }).unwrap();
        desk.rename("b.txt", "sub/deep").unwrap();
        let used = desk.disk.used();
        assert_eq!(desk.crash(0, 0, lost), (Vec::new(), 4), "{lost}");
        let found = all.map(|path| desk.read(path).ok());
        assert_eq!(found, there.map(|text| text.map(str::to_owned)), "{lost}");
        assert_eq!(desk.stat("a.txt", false).unwrap().links, if lost < 2 { 2 } else { 1 }, "{lost}");
        // Nothing is kept that has no name.
        let inodes = used.0 - [1, 0, 0, 1, 2][lost.min(4)];
        assert_eq!(desk.disk.used().0, inodes, "{lost}");
    }
    // A directory that was removed comes back; what a crash has left is synced.
    let mut desk = desk();
    desk.make_directory("x").unwrap();
    desk.sync(None);
    desk.remove_directory("x").unwrap();
    assert_eq!(desk.crash(0, 0, 1).1, 1);
    assert!(desk.stat("x", false).is_ok());
    desk.remove_directory("x").unwrap();
    let file = desk.open("a.txt", How { read: true, ..How::default() }).unwrap();
    desk.does(Op::Sync { handle: file, data_only: true }).unwrap();
    assert_eq!(desk.disk.crash().names, 1, "data alone are not names");
    // A file that comes back because its end is lost is as it was then, and from then on.
    desk.does(Op::Root { name: "data".into(), handle: 1 }).unwrap();
    let file = desk.open("a.txt", How { write: true, ..How::default() }).unwrap();
    desk.write(file, Some(0), b"HE").unwrap();
    desk.unlink("a.txt").unwrap();
    assert_eq!(desk.crash(9, 0, 1), (Vec::new(), 2));
    assert_eq!(desk.read("a.txt"), Ok("HEllo".into()));
    assert_eq!(desk.crash(0, 0, 1).1, 0);
    assert_eq!(desk.stat("x", false), Err(Errno::Noent));
}

#[test]
fn what_was_removed_takes_no_room_that_something_else_needs() {
    let mut desk = desk();
    for _ in 0..6 {
        let file = desk.open("big", NEW).unwrap();
        desk.does(Op::SetSize { handle: file, size: ROOM / 3 }).unwrap();
        desk.does(Op::Close { handle: file }).unwrap();
        desk.unlink("big").unwrap();
    }
}

#[test]
fn a_crash_looks_at_directories_however_deep_they_lie() {
    let mut desk = desk();
    let mut dir = 1;
    for n in 0..20_000 {
        desk.does(Op::CreateDirectory { dir, path: "d".into() }).unwrap();
        let how = How { directory: true, ..How::default() };
        desk.does(Op::Open { dir, path: "d".into(), how, handle: 10 + n }).unwrap();
        dir = 10 + n;
    }
    desk.does(Op::Open { dir, path: "f".into(), how: NEW, handle: 2 }).unwrap();
    desk.write(2, None, b"x").unwrap();
    let unsynced = desk.disk.crash();
    let [file] = unsynced.files.as_slice() else { panic!("{unsynced:?}") };
    assert!(file.path.starts_with('#') && file.path.ends_with("/d/f") && file.path.len() <= crate::PATH_MAX);
    assert_eq!((file.changes, unsynced.names), (1, 64));
}

#[test]
fn what_stood_there_before_is_kept_of_so_much_only() {
    let mut desk = desk();
    let cut = |desk: &mut Desk, n: u32| {
        let file = desk.open(&format!("f{n}"), NEW).unwrap();
        desk.does(Op::SetSize { handle: file, size: 10 << 20 }).unwrap();
        desk.sync(Some(file));
        desk.does(Op::SetSize { handle: file, size: 0 }).unwrap();
    };
    // Each keeps 10 MiB; the seventh is too much, and all count as synced.
    (0..6).for_each(|n| cut(&mut desk, n));
    assert_eq!(desk.disk.crash().files.len(), 6);
    desk.does(Op::Root { name: "data".into(), handle: 1 }).unwrap();
    cut(&mut desk, 6);
    assert_eq!(desk.disk.crash().files.len(), 0);
    desk.does(Op::Root { name: "data".into(), handle: 1 }).unwrap();
    cut(&mut desk, 7);
    assert_eq!(desk.disk.crash().files.len(), 1);
    // Of one file it is 16 MiB.
    desk.does(Op::Root { name: "data".into(), handle: 1 }).unwrap();
    let file = desk.open("large", NEW).unwrap();
    desk.does(Op::SetSize { handle: file, size: 17 << 20 }).unwrap();
    desk.does(Op::SetSize { handle: file, size: 0 }).unwrap();
    assert_eq!(desk.disk.crash().files.len(), 1);
}
