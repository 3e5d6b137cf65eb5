//! Commands of other tools for boards (ampy, rshell, mpfshell, mpytool), and what does the same here.

const COPY: &str = "cp copies files: `mpwire cp FILE :` to the board, `mpwire cp :FILE .` from it";

/// What to type in place of a command that another tool has.
pub fn instead(command: &str) -> Option<&'static str> {
    let hint = match command {
        "put" | "get" | "push" | "pull" | "upload" | "download" | "copy" => COPY,
        "del" | "delete" | "remove" => "rm removes files, `rm -r` directories",
        "dir" | "list" => "ls lists a directory",
        "move" | "rename" | "ren" => "mv moves and renames files and directories of the board",
        "md" => "mkdir makes directories",
        "rd" => "rmdir removes empty directories",
        "shell" | "terminal" | "term" | "monitor" | "console" => "repl opens the board's prompt",
        "execute" => "exec runs a string, run a script of this computer",
        "interrupt" | "break" | "kill" => "stop interrupts the program that runs",
        "install" => "packages are installed with `mip install NAME`",
        "ports" | "scan" => "devs lists the ports that are there",
        "reboot" => "reset restarts the board, soft-reset its interpreter",
        "info" => "doctor tells what is known of a board",
        _ => return None,
    };
    Some(hint)
}
