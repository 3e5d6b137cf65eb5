//! What each command's help ends with: examples, as somebody would type them.

pub const CONNECT: &str = "\
Examples:
  mpwire connect list                         the serial ports that are there
  mpwire connect /dev/ttyACM0 ls              one of them
  mpwire connect id:334D335C3138 run test.py  the same board, whatever its port
  mpwire connect rfc2217://10.0.0.7:4000 ls   one at another computer
  mpwire connect ws://192.168.4.1 ls          a board with WebREPL
  mpwire a0 cp main.py : + reset              a0 is short for connect /dev/ttyACM0";

pub const DISCONNECT: &str = "\
Example:
  mpwire a0 cp main.py : + disconnect a1 cp main.py :   two boards, one after the other";

pub const RESUME: &str = "\
Example:
  mpwire exec 'x = 1' && mpwire resume eval x";

pub const SOFT_RESET: &str = "\
Examples:
  mpwire soft-reset
  mpwire resume exec 'import work' soft-reset";

pub const SLEEP: &str = "\
Example:
  mpwire exec --no-follow 'import work' sleep 2 disconnect    let it work for two seconds";

pub const RESET: &str = "\
Examples:
  mpwire cp main.py : + reset    start the new program
  mpwire reset ls                go on when the board is back";

pub const BOOTLOADER: &str = "\
Example:
  mpwire a0 bootloader";

pub const REPL: &str = "\
Examples:
  mpwire                                      without a command, the prompt of the first device
  mpwire a0 repl --capture log.txt            one port; what is shown goes to a file, too
  mpwire repl --inject-code 'import main\\n'    Ctrl-J types it
  mpwire repl --reconnect                     go on when the device was unplugged or has reset";

pub const MOUNT: &str = "\
Examples:
  mpwire mount . exec 'import work'      run what is here, as if it were on the device
  mpwire mount .                         the same, and its prompt; Ctrl-D mounts again
  mpwire mount --read-only data run test.py";

pub const UMOUNT: &str = "\
Example:
  mpwire mount . run test.py umount ls :";

pub const EVAL: &str = "\
Examples:
  mpwire eval 'sum(range(10))'
  mpwire resume eval sensor.value";

pub const EXEC: &str = "\
Examples:
  mpwire exec 'import os; print(os.uname())'
  mpwire exec --no-follow 'import main'    start it and leave it running";

pub const RUN: &str = "\
Examples:
  mpwire run test.py
  mpwire run --timeout 60 test.py       interrupt it after a minute, with exit code 124
  mpwire a0 run --no-follow blink.py    start it and leave it running";

pub const DF: &str = "\
Example:
  mpwire df";

pub const EDIT: &str = "\
Examples:
  mpwire edit :main.py
  EDITOR='code --wait' mpwire a0 edit boot.py lib/config.py";

pub const RTC: &str = "\
Examples:
  mpwire rtc          print it
  mpwire rtc --set    set it to this computer's local time
  mpwire rtc --set --utc";

pub const FS: &str = "\
Examples:
  mpwire fs ls :lib                mpwire ls :lib is the same
  mpwire fs cp main.py :
  mpwire cat :boot.py + ls :lib    + ends the paths of cat";

pub const BENCH: &str = "\
Examples:
  mpwire bench
  mpwire a0 bench --size 32768 --plot times.svg";

pub const DOCTOR: &str = "\
Examples:
  mpwire doctor                     what is plugged in, and the board if there is one
  mpwire a0 doctor --interrupt      one port, even if a program runs there
  mpwire a0 doctor --fix            also heal what interrupted copies have left
  mpwire a0 doctor --json           for programs; the exit code tells, too";

pub const ROMFS: &str = "\
Examples:
  mpwire romfs query
  mpwire romfs build package/            makes package.romfs
  mpwire romfs deploy package/           builds and writes it
  mpwire romfs -p 1 deploy package.romfs";

pub const MIP: &str = "\
Examples:
  mpwire mip install aioble                            of micropython-lib
  mpwire a0 mip install umqtt.simple@1.4.0 requests    a version; several
  mpwire mip install github:OWNER/REPOSITORY@v2
  mpwire mip install --target /flash/lib ./package.json";

pub const SIM: &str = "\
Examples:
  mpwire sim --port /tmp/board
  mpwire sim --port /tmp/board --link uart:115200 --heap 64k --missing deflate
  mpwire connect /tmp/board ls    in another terminal";

pub const COMPLETION: &str = "\
Examples:
  bash:        eval \"$(mpwire completion bash)\"                 in ~/.bashrc
  zsh:         eval \"$(mpwire completion zsh)\"                  in ~/.zshrc, behind compinit
  fish:        mpwire completion fish | source                  in ~/.config/fish/config.fish
  PowerShell:  mpwire completion powershell | Out-String | Invoke-Expression    in $PROFILE";

pub const HELP: &str = "\
Examples:
  mpwire help
  mpwire help cp                 as mpwire cp --help
  mpwire help --man | man -l -";

pub const VERSION: &str = "\
Example:
  mpwire version";
