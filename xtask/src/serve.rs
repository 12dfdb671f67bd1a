//! `cargo xtask serve`: the page on localhost, rebuilt when a source file changes.

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::shell::Shell;

const DEFAULT_PORT: u16 = 8080;

/// Reads `--port N` or `--port=N`.
pub fn parse_port(arguments: &[String]) -> Result<u16> {
    let value = match arguments {
        [] => return Ok(DEFAULT_PORT),
        [flag, value] if flag == "--port" => value.as_str(),
        [flag] => match flag.strip_prefix("--port=") {
            Some(value) => value,
            None => bail!("serve takes `--port N`, not `{flag}`."),
        },
        _ => bail!("serve takes one option, `--port N`."),
    };
    value.parse().with_context(|| format!("`--port {value}` is not a port number"))
}

/// Serves the page until it is interrupted.
pub fn page(shell: &mut Shell, port: u16) -> Result<()> {
    setup::page(shell)?;
    println!("\nThe first build takes twenty-five minutes on two cores, later ones seconds to minutes.");
    println!("When it is done the page is at http://127.0.0.1:{port}/ (Ctrl-C stops it).\n");
    shell.replace_with(shell.trunk("serve").args(["--address", "127.0.0.1", "--port", &port.to_string()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<u16> {
        parse_port(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn the_port_is_optional() {
        assert_eq!(parse(&[]).unwrap(), 8080);
        assert_eq!(parse(&["--port", "9000"]).unwrap(), 9000);
        assert_eq!(parse(&["--port=9001"]).unwrap(), 9001);
    }

    #[test]
    fn a_bad_port_is_named() {
        assert!(parse(&["--port", "70000"]).unwrap_err().to_string().contains("70000"));
        assert!(parse(&["--prot", "8000", "x"]).is_err());
        assert!(parse(&["9000"]).unwrap_err().to_string().contains("9000"));
    }
}
