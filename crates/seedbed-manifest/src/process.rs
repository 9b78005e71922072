//! `[[process]]`: an entry, that is a module with its limits and permissions.

use crate::decode::{At, Fields, Problems, Size, Size32, check_name, shown, unique, words};
use crate::files::{Files, Hash, check_path, read_hash};
use crate::report::{Code, Problem};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id, `bank:teller`; a child of a tree and a spawn refer to it.
    pub id: String,
    /// The module's file, relative to the manifest's root, without `.` and `..`.
    pub path: PathBuf,
    /// What the file was when the manifest was written.
    pub hash: Hash,
    /// The file's bytes, which have this hash; `None` if the manifest was parsed without its files.
    pub module: Option<Arc<[u8]>>,
    /// The export to call, for the `wasi` dialect.
    pub method: Option<String>,
    /// Arguments of the method, parsed by the export's types.
    pub args: Vec<String>,
    /// Interfaces that the module may import, `wasi:clocks`.
    pub imports: Vec<String>,
    /// What it may use up.
    pub limits: Limits,
    /// What it may do.
    pub permissions: Permissions,
    /// What WASI shows it.
    pub wasi: Wasi,
    /// The command that runs it.
    pub command: Option<Command>,
}

/// What an actor may use up; `None` = the runtime's own default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Fuel of one turn.
    pub fuel_per_message: Option<u64>,
    /// Fuel between two cuts of a blocking guest.
    pub fuel_slice: Option<u64>,
    /// Fuel of a blocking guest's whole life.
    pub fuel_max: Option<u64>,
    /// Linear memory in bytes.
    pub memory_max_bytes: Option<u64>,
    /// Elements of a table.
    pub tables_max: Option<u32>,
    /// WebAssembly stack in bytes.
    pub stack_max_bytes: Option<u64>,
    /// Messages in the mailbox.
    pub mailbox_count_max: Option<u32>,
    /// Bytes of all payloads in the mailbox.
    pub mailbox_bytes_max: Option<u32>,
    /// Bytes of one payload.
    pub message_bytes_max: Option<u32>,
    /// What happens to a message that finds the mailbox full.
    pub mailbox_policy: Option<MailboxPolicy>,
    /// Actors that it may spawn in its life.
    pub spawn_max: Option<u32>,
    /// Effects on others that one turn may ask for.
    pub outbox_max: Option<u32>,
    /// Payload bytes that one turn may send.
    pub outbox_bytes_max: Option<u32>,
    /// Timers, requests and effects pending at once.
    pub pending_max: Option<u32>,
    /// Links and monitors at once.
    pub watch_max: Option<u32>,
    /// Bytes logged in one turn.
    pub log_max_bytes: Option<u32>,
    /// How long a called method, or a command, may take.
    pub max_execution: Option<Duration>,
}

words! {
    /// What happens to a message that finds the mailbox full.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum MailboxPolicy, "a mailbox policy" {
        /// The sender is refused and keeps it.
        Refuse = "refuse",
        /// The oldest message of the same sender makes room; if it has none, the new one goes.
        DropOldest = "drop_oldest",
        /// The new message goes.
        DropNewest = "drop_newest",
        /// A blocking sender waits; any other is refused.
        Wait = "wait",
    }
}

/// What an actor may do beside sending to pids that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Spawn entries.
    pub spawn: bool,
    /// Compile modules at run time.
    pub compile: bool,
    /// Create configurations for its children.
    pub configure: bool,
    /// Make sockets, and look for hosts.
    pub network: bool,
    /// Register a name.
    pub register: bool,
    /// Look up and address names.
    pub lookup: bool,
    /// Effects that it may perform; `None` = all.
    pub effects: Option<Vec<String>>,
}

impl Default for Permissions {
    fn default() -> Permissions {
        Permissions {
            spawn: true,
            compile: false,
            configure: false,
            network: false,
            register: true,
            lookup: true,
            effects: None,
        }
    }
}

/// What WASI shows a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wasi {
    /// Arguments after the program's name.
    pub args: Vec<String>,
    /// Working directory, absolute.
    pub cwd: Option<String>,
    /// Environment variables.
    pub env: Vec<EnvVar>,
    /// Directories.
    pub mounts: Vec<Mount>,
}

/// An environment variable of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvVar {
    /// Under which id the embedder gives the value.
    pub id: String,
    /// The guest's name for it.
    pub name: String,
    /// The guest does not start without a value.
    pub required: bool,
    /// The value if the embedder gives none.
    pub default: Option<String>,
}

/// A directory that a guest sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The directory, relative to the manifest's root.
    pub fs: PathBuf,
    /// Where the guest sees it, absolute.
    pub guest: String,
    /// Writes are refused.
    pub read_only: bool,
}

/// A named command, `seedbed run NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name.
    pub name: String,
    /// What it does, in a few words.
    pub short: String,
}

/// Reads all entries; what is wrong is noted, and the values in its place mean nothing.
pub(crate) fn read_all(root: &Fields<'_>, files: Option<&Files>, problems: &Problems) -> Vec<Process> {
    let (mut ids, mut commands) = (Vec::new(), Vec::new());
    let processes = root
        .tables("process", "a process")
        .into_iter()
        .map(|fields| read(fields, &mut ids, &mut commands, files, problems))
        .collect();
    unique(&ids, "process", problems);
    unique(&commands, "command", problems);
    processes
}

fn read(
    fields: Fields<'_>,
    ids: &mut Vec<At<String>>,
    commands: &mut Vec<At<String>>,
    files: Option<&Files>,
    problems: &Problems,
) -> Process {
    let id = fields.required::<At<String>>("id");
    if let Some(id) = &id {
        check_name(id, "process id", problems);
    }
    let (path, hash, module) = read_module(&fields, files, problems);
    let method = fields.optional("method");
    let args = fields.or("args", Vec::new());
    if fields.has("args") && !fields.has("method") {
        let problem = Problem::new(
            Code::MissingKey,
            fields.key_span("args"),
            "`args` are those of a `method`, and there is none",
        );
        problems.add(problem.help("what an actor is started with stands at its child in the tree; a program's arguments are `wasi.args`"));
    }
    let process = Process {
        id: id.as_ref().map(|id| id.value.clone()).unwrap_or_default(),
        path,
        hash,
        module,
        method,
        args,
        imports: read_imports(&fields, problems),
        limits: fields.table("limits", "limits").map(read_limits).unwrap_or_default(),
        permissions: fields.table("permissions", "permissions").map(read_permissions).unwrap_or_default(),
        wasi: fields.table("wasi", "wasi").map(|wasi| read_wasi(wasi, files, problems)).unwrap_or_default(),
        command: fields
            .table("command", "a command")
            .and_then(|command| read_command(command, commands, problems)),
    };
    ids.extend(id);
    fields.finish();
    process
}

fn read_module(
    fields: &Fields<'_>,
    files: Option<&Files>,
    problems: &Problems,
) -> (PathBuf, Hash, Option<Arc<[u8]>>) {
    let path = fields.required::<At<String>>("path");
    let said = fields.optional::<At<String>>("hash");
    let clean = path.as_ref().and_then(|path| check_path(path, problems));
    let file = match (files, &clean, &path) {
        (Some(files), Some(clean), Some(path)) => files.read(clean, path, problems),
        _ => None,
    };
    let expected = said.as_ref().and_then(|said| read_hash(said, problems));
    match (&said, expected, &file) {
        (None, ..) => {
            let problem =
                Problem::new(Code::HashMissing, fields.span.clone(), "missing key `hash` of a process");
            problems.add(
                problem
                    .help_if(file.as_ref().map(|(_, found)| format!("the file's is `hash = \"{found}\"`"))),
            );
        }
        (Some(said), Some(expected), Some((_, found))) if expected != *found => {
            let problem = Problem::new(
                Code::HashMismatch,
                said.span.clone(),
                format!("the file has another hash: expected {expected}, found {found}"),
            );
            problems.add(problem.help("if the file is what you mean, write its hash here"));
        }
        _ => {}
    }
    (clean.unwrap_or_default(), expected.unwrap_or_default(), file.map(|(bytes, _)| bytes))
}

fn read_imports(fields: &Fields<'_>, problems: &Problems) -> Vec<String> {
    let imports = fields.or("imports", Vec::<At<String>>::new());
    unique(&imports, "import", problems);
    for import in &imports {
        let well_formed = import
            .value
            .split_once(':')
            .is_some_and(|(package, name)| !package.is_empty() && !name.is_empty());
        if !well_formed {
            let message =
                format!("`{}` is not an import: expected one like `wasi:clocks`", shown(&import.value));
            problems.add(Problem::new(Code::InvalidValue, import.span.clone(), message));
        }
    }
    imports.into_iter().map(|import| import.value).collect()
}

fn read_limits(fields: Fields<'_>) -> Limits {
    let bytes = |fields: &Fields<'_>, key| fields.optional::<Size>(key).map(|size| size.0);
    let bytes_32 = |fields: &Fields<'_>, key| fields.optional::<Size32>(key).map(|size| size.0);
    let mut limits = Limits {
        fuel_per_message: fields.optional("fuel_per_message"),
        fuel_slice: fields.optional("fuel_slice"),
        fuel_max: fields.optional("fuel_max"),
        memory_max_bytes: bytes(&fields, "memory_max"),
        tables_max: fields.optional("tables_max"),
        stack_max_bytes: bytes(&fields, "stack_max"),
        spawn_max: fields.optional("spawn_max"),
        outbox_max: fields.optional("outbox_max"),
        outbox_bytes_max: bytes_32(&fields, "outbox_bytes"),
        pending_max: fields.optional("pending_max"),
        watch_max: fields.optional("watch_max"),
        log_max_bytes: bytes_32(&fields, "log_max"),
        max_execution: fields.optional("max_execution"),
        ..Limits::default()
    };
    if let Some(mailbox) = fields.table("mailbox", "a mailbox") {
        limits.mailbox_count_max = mailbox.optional("count");
        limits.mailbox_bytes_max = bytes_32(&mailbox, "bytes");
        limits.message_bytes_max = bytes_32(&mailbox, "message_bytes");
        limits.mailbox_policy = mailbox.optional("policy");
        mailbox.finish();
    }
    fields.finish();
    limits
}

fn read_permissions(fields: Fields<'_>) -> Permissions {
    let default = Permissions::default();
    let permissions = Permissions {
        spawn: fields.or("spawn", default.spawn),
        compile: fields.or("compile", default.compile),
        configure: fields.or("configure", default.configure),
        network: fields.or("network", default.network),
        register: fields.or("register", default.register),
        lookup: fields.or("lookup", default.lookup),
        effects: fields.optional("effects"),
    };
    fields.finish();
    permissions
}

fn read_wasi(fields: Fields<'_>, files: Option<&Files>, problems: &Problems) -> Wasi {
    let cwd = fields.optional::<At<String>>("cwd");
    if let Some(cwd) = &cwd {
        check_guest_path(cwd, problems);
    }
    let (mut names, mut guests) = (Vec::new(), Vec::new());
    let wasi = Wasi {
        args: fields.or("args", Vec::new()),
        cwd: cwd.map(|cwd| cwd.value),
        env: fields
            .tables("env", "an environment variable")
            .into_iter()
            .map(|env| read_env(env, &mut names, problems))
            .collect(),
        mounts: fields
            .tables("mounts", "a mount")
            .into_iter()
            .map(|mount| read_mount(mount, &mut guests, files, problems))
            .collect(),
    };
    unique(&names, "environment variable", problems);
    unique(&guests, "mount at", problems);
    fields.finish();
    wasi
}

fn read_env(fields: Fields<'_>, names: &mut Vec<At<String>>, problems: &Problems) -> EnvVar {
    let name = fields.required::<At<String>>("name");
    if let Some(name) = &name
        && (name.value.is_empty() || name.value.contains(['=', '\0']))
    {
        let message = format!("`{}` is not the name of an environment variable", shown(&name.value));
        problems.add(Problem::new(Code::InvalidName, name.span.clone(), message));
    }
    let env = EnvVar {
        id: fields.required("id").unwrap_or_default(),
        name: name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        required: fields.or("required", false),
        default: fields.optional("default"),
    };
    names.extend(name);
    fields.finish();
    env
}

fn read_mount(
    fields: Fields<'_>,
    guests: &mut Vec<At<String>>,
    files: Option<&Files>,
    problems: &Problems,
) -> Mount {
    let fs = fields.required::<At<String>>("fs");
    let clean = fs.as_ref().and_then(|fs| check_path(fs, problems));
    if let (Some(files), Some(clean), Some(fs)) = (files, &clean, &fs) {
        files.check_directory(clean, fs, problems);
    }
    let guest = fields.required::<At<String>>("guest");
    if let Some(guest) = &guest {
        check_guest_path(guest, problems);
    }
    let mount = Mount {
        fs: clean.unwrap_or_default(),
        guest: guest.as_ref().map(|guest| guest.value.clone()).unwrap_or_default(),
        read_only: fields.or("read_only", false),
    };
    guests.extend(guest);
    fields.finish();
    mount
}

fn check_guest_path(path: &At<String>, problems: &Problems) {
    if !path.value.starts_with('/')
        || path.value.contains('\0')
        || path.value.split('/').any(|part| part == "..")
    {
        let message = format!("`{}` is not an absolute path of the guest, without `..`", shown(&path.value));
        problems.add(Problem::new(Code::InvalidValue, path.span.clone(), message));
    }
}

fn read_command(fields: Fields<'_>, commands: &mut Vec<At<String>>, problems: &Problems) -> Option<Command> {
    let name = fields.required::<At<String>>("name");
    let short = fields.or("short", String::new());
    fields.finish();
    let name = name?;
    let why = match name.value.as_str() {
        "" => Some("is empty"),
        "list" => Some("is what `seedbed run list` means"),
        text if text.starts_with('-')
            || text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') =>
        {
            Some("starts with `-`, or holds a blank or `/`")
        }
        _ => None,
    };
    if let Some(why) = why {
        let message = format!("command name `{}` {why}", shown(&name.value));
        problems.add(Problem::new(Code::InvalidName, name.span.clone(), message));
    }
    let command = Command { name: name.value.clone(), short };
    commands.push(name);
    Some(command)
}
