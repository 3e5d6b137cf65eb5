//! The licences of what mpwire is built from, checked without a network.
//!
//! The list of those allowed is `deny.toml`'s, so that cargo-deny, which also asks for advisories,
//! says the same where it runs.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::project;

/// Fails with the packages whose licence is not allowed.
pub fn check() -> Result<()> {
    let allowed = allowed()?;
    let output = project::cargo()
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--all-features",
        ])
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed");
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| package["source"].is_string())
        .filter(|package| !is_allowed(package["license"].as_str(), &allowed))
        .map(|package| {
            format!(
                "{} {} ({})",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    bail!("not allowed by deny.toml: {}", refused.join(", "))
}

fn allowed() -> Result<Vec<String>> {
    let text = fs::read_to_string(project::root().join("deny.toml")).context("no deny.toml")?;
    let policy: toml::Table = text.parse().context("deny.toml is not valid")?;
    let allowed = policy["licenses"]["allow"].as_array();
    let allowed = allowed.context("deny.toml allows no licences")?;
    Ok(allowed
        .iter()
        .filter_map(|licence| licence.as_str().map(str::to_owned))
        .collect())
}

fn is_allowed(licence: Option<&str>, allowed: &[String]) -> bool {
    // Old packages separate alternatives by a slash.
    let expression = Expression::parse_mode(licence.unwrap_or_default(), ParseMode::LAX);
    expression.is_ok_and(|expression| {
        expression.evaluate(|requirement| allowed.contains(&requirement.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_and_conditions_are_told_apart() {
        let allowed = [
            "MIT".to_owned(),
            "Apache-2.0 WITH LLVM-exception".to_owned(),
        ];
        for (licence, good) in [
            (Some("MIT"), true),
            (Some("MIT/GPL-3.0"), true),
            (Some("GPL-3.0-only OR MIT"), true),
            (Some("MIT AND GPL-3.0-only"), false),
            (Some("Apache-2.0 WITH LLVM-exception"), true),
            (Some("Apache-2.0"), false),
            (Some("nonsense"), false),
            (None, false),
        ] {
            assert_eq!(is_allowed(licence, &allowed), good, "{licence:?}");
        }
    }

    #[test]
    fn everything_here_is_allowed() {
        check().unwrap();
    }
}
