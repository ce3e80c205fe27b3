//! The `wasm-bindgen` command as worker-build calls it, over the library behind the official command.
//!
//! The official package also carries a test server, which makes it four times as much to compile. As a member of this
//! workspace the command shares a lock file with the `wasm-bindgen` that Workers link: the two versions must be equal, and
//! cargo refuses to resolve two of them.

use std::{error::Error, path::PathBuf, process::ExitCode};

use lexopt::{
    Arg::{Long, Value},
    ValueExt,
};
use wasm_bindgen_cli_support::Bindgen;

/// The options that worker-build passes; names and meaning are those of the official command.
const USAGE: &str = "wasm-bindgen INPUT --out-dir FOLDER --target module --no-typescript [--out-name NAME] [--debug] \
     [--no-demangle] [--keep-debug] [--omit-default-module-path] [--split-linked-modules] \
     [--experimental-reset-state-function] [--force-enable-abort-handler]";

fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm-bindgen: {error}\nusage: {USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: lexopt::Parser) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.module(true)?;
    let mut out_dir: Option<PathBuf> = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(input) => bindgen.input_path(PathBuf::from(input)),
            Long("out-dir") => {
                out_dir = Some(arguments.value()?.into());
                &mut bindgen
            }
            Long("out-name") => bindgen.out_name(&arguments.value()?.string()?),
            Long("target") => match arguments.value()?.string()?.as_str() {
                "module" => &mut bindgen,
                other => return Err(format!("the only target is module, not {other}").into()),
            },
            Long("no-typescript") => bindgen.typescript(false),
            Long("debug") => bindgen.debug(true),
            Long("no-demangle") => bindgen.demangle(false),
            Long("keep-debug") => bindgen.keep_debug(true),
            Long("omit-default-module-path") => bindgen.omit_default_module_path(true),
            Long("split-linked-modules") => bindgen.split_linked_modules(true),
            Long("experimental-reset-state-function") => bindgen.reset_state_function(true),
            Long("force-enable-abort-handler") => bindgen.force_enable_abort_handler(true),
            other => return Err(other.unexpected().into()),
        };
    }
    bindgen.generate(out_dir.ok_or("--out-dir is missing")?)?;
    Ok(())
}
