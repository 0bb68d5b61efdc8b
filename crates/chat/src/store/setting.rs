//! The table `setting`: one row a setting, its value as JSON.

use super::{failure::Fault, schema::Migration};
use protocol::{KvType, Language, ModelId, NetworkSettings, Settings, Theme};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE setting (
              name TEXT PRIMARY KEY NOT NULL,
              value TEXT NOT NULL
          ) STRICT;",
}];

/// The tags that rows hold, kept apart from what the window is told.
#[derive(Serialize, Deserialize)]
enum StoredLanguage {
    #[serde(rename = "en")]
    En,
    #[serde(rename = "zh-Hans")]
    ZhHans,
    #[serde(rename = "zh-Hant")]
    ZhHant,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredTheme {
    System,
    Light,
    Dark,
}

/// How the hub is reached. No secret is here.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredNetwork {
    offline: bool,
    endpoint: Option<String>,
    proxy: Option<String>,
    certificates: Option<String>,
    bytes_per_second: Option<u64>,
}

impl From<StoredNetwork> for NetworkSettings {
    fn from(stored: StoredNetwork) -> Self {
        let StoredNetwork {
            offline,
            endpoint,
            proxy,
            certificates,
            bytes_per_second,
        } = stored;
        NetworkSettings {
            offline,
            endpoint,
            proxy,
            certificates,
            bytes_per_second,
        }
    }
}

impl From<&NetworkSettings> for StoredNetwork {
    fn from(settings: &NetworkSettings) -> Self {
        let NetworkSettings {
            offline,
            endpoint,
            proxy,
            certificates,
            bytes_per_second,
        } = settings.clone();
        StoredNetwork {
            offline,
            endpoint,
            proxy,
            certificates,
            bytes_per_second,
        }
    }
}

/// All settings; a row that is missing or cannot be read is as if never set.
pub(crate) fn read(connection: &Connection) -> Result<Settings, Fault> {
    let mut settings = Settings::default();
    let mut statement = connection.prepare_cached("SELECT name, value FROM setting")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, value): (String, String) = (row.get(0)?, row.get(1)?);
        match name.as_str() {
            "language" => {
                settings.language =
                    serde_json::from_str(&value)
                        .ok()
                        .flatten()
                        .map(|stored| match stored {
                            StoredLanguage::En => Language::En,
                            StoredLanguage::ZhHans => Language::ZhHans,
                            StoredLanguage::ZhHant => Language::ZhHant,
                        });
            }
            "theme" => {
                settings.theme = match serde_json::from_str(&value) {
                    Ok(StoredTheme::Light) => Theme::Light,
                    Ok(StoredTheme::Dark) => Theme::Dark,
                    Ok(StoredTheme::System) | Err(_) => Theme::System,
                };
            }
            "model" => {
                settings.model = serde_json::from_str::<Option<String>>(&value)
                    .ok()
                    .flatten()
                    .map(ModelId);
            }
            "kept_bytes" => {
                settings.kept_bytes = serde_json::from_str(&value).ok().flatten();
            }
            "kv_type" => {
                let stored: String = serde_json::from_str(&value).unwrap_or_default();
                let mut all = KvType::ALL.into_iter();
                let named = all.find(|kind| kind.name() == stored);
                settings.kv_type = named.unwrap_or_default();
            }
            "library" => {
                settings.library = serde_json::from_str(&value).ok().flatten();
            }
            "network" => {
                let stored: StoredNetwork = serde_json::from_str(&value).unwrap_or_default();
                settings.network = stored.into();
            }
            _ => {}
        }
    }
    Ok(settings)
}

/// When the whole history was last found sound, in milliseconds since 1970; 0 for never.
pub(crate) fn checked_at(connection: &Connection) -> Result<i64, Fault> {
    let value: Option<String> = connection
        .prepare_cached("SELECT value FROM setting WHERE name = 'checked_at'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(value
        .and_then(|value| value.parse().ok())
        .unwrap_or_default())
}

/// Where the library is being moved to, where a process began that and has not ended it; inside,
/// None is the hub's own cache.
pub(crate) fn moving(connection: &Connection) -> Result<Option<Option<String>>, Fault> {
    let value: Option<String> = connection
        .prepare_cached("SELECT value FROM setting WHERE name = 'moving'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(value.and_then(|value| serde_json::from_str(&value).ok()))
}

/// Writes where to; None: nowhere any more.
pub(crate) fn write_moving(
    connection: &Connection,
    to: Option<&Option<String>>,
) -> Result<(), Fault> {
    match to {
        Some(to) => write_one(connection, "moving", &serde_json::json!(to).to_string()),
        None => {
            connection.execute("DELETE FROM setting WHERE name = 'moving'", [])?;
            Ok(())
        }
    }
}

/// Writes when the whole history was found sound.
pub(crate) fn write_checked_at(connection: &Connection, at: i64) -> Result<(), Fault> {
    write_one(connection, "checked_at", &at.to_string())
}

/// Writes all settings.
pub(crate) fn write(connection: &Connection, settings: &Settings) -> Result<(), Fault> {
    let language = settings.language.map(|language| match language {
        Language::En => StoredLanguage::En,
        Language::ZhHans => StoredLanguage::ZhHans,
        Language::ZhHant => StoredLanguage::ZhHant,
    });
    let theme = match settings.theme {
        Theme::System => StoredTheme::System,
        Theme::Light => StoredTheme::Light,
        Theme::Dark => StoredTheme::Dark,
    };
    let model = settings.model.as_ref().map(|id| &id.0);
    for (name, value) in [
        ("language", serde_json::json!(language)),
        ("theme", serde_json::json!(theme)),
        ("model", serde_json::json!(model)),
        ("kept_bytes", serde_json::json!(settings.kept_bytes)),
        ("kv_type", serde_json::json!(settings.kv_type.name())),
        ("library", serde_json::json!(settings.library)),
        (
            "network",
            serde_json::json!(StoredNetwork::from(&settings.network)),
        ),
    ] {
        write_one(connection, name, &value.to_string())?;
    }
    Ok(())
}

fn write_one(connection: &Connection, name: &str, value: &str) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO setting (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![name, value])?;
    Ok(())
}
