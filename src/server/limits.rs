//! What the service accepts: every limit with its value, unit and range.

use super::route::{Route, Scope};
use crate::config::{Kind, SETTINGS};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The limits of the service by the names of their settings.
#[derive(Serialize, ToSchema)]
struct Limits {
    /// By name.
    limits: BTreeMap<&'static str, Limit>,
}

/// A limit.
#[derive(Serialize, ToSchema)]
struct Limit {
    /// What holds now.
    value: u64,
    /// What is counted.
    unit: &'static str,
    /// The least that can be set.
    least: u64,
    /// The most that can be set.
    most: u64,
    /// What it limits.
    about: &'static str,
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/v1/limits", Scope::Search, "What the service accepts").plain(|_, asked| {
        let limit = |setting: &crate::config::Setting| match setting.kind {
            Kind::Number(least, most) => {
                let value = asked.service().config.number(setting.name);
                Some((setting.name, Limit { value, unit: setting.unit, least, most, about: setting.about }))
            }
            _ => None,
        };
        Ok(Limits { limits: SETTINGS.iter().filter_map(limit).collect() })
    })]
}
