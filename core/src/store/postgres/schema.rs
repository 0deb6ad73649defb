//! The schema: what is in it, and how it is made of the version before.

use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

use super::connection::Connection;
use super::failure::Failure;
use crate::error::{Error, Reason};
use crate::store::sealed::Seal;

/// The version of the schema, and how each is made of the one before.
const VERSION: usize = MIGRATIONS.len();
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];
/// What processes that migrate at once wait for: `egoiveri`.
const MIGRATING: i64 = i64::from_be_bytes(*b"egoiveri");
/// What all names in the schema begin with.
const PREFIX: &str = "egoi_verify_";

/// The schema that the tables and functions are in.
pub(super) struct Schema {
    /// As a name in SQL.
    quoted: String,
}

impl Schema {
    /// Finds, or makes, the tables as they have to be. Without a name it is the first of the server's `search_path`.
    pub(super) async fn prepare(connection: &mut Connection, name: Option<&str>, seal: &Seal) -> Result<Self, Failure> {
        let client = &mut connection.client;
        let first;
        let name = match name {
            Some(name) => name,
            None => {
                let row = client.query_typed_one("SELECT pg_catalog.current_schema()::text", &[]).await?;
                first = row.try_get::<_, Option<String>>(0)?.ok_or_else(Failure::no_schema)?;
                &first
            }
        };
        let schema = Self { quoted: format!("\"{}\"", name.replace('"', "\"\"")) };
        let is_made = schema.version(&**client, name).await?.is_some_and(|version| version == VERSION);
        if is_made && seal.check(&schema.known_keys(&**client).await?)?.is_none() {
            return Ok(schema);
        }
        let tx = client.transaction().await?;
        // Of several processes that come at once one does it, and the others find it done: of their first keys one counts.
        // The functions go by this path too.
        let quoted = &schema.quoted;
        let begin = format!("SELECT pg_advisory_xact_lock({MIGRATING}); SET LOCAL search_path = {quoted}, pg_temp");
        tx.batch_execute(&begin).await?;
        let version = schema.version(&*tx, name).await?.unwrap_or(0);
        for migration in MIGRATIONS.iter().skip(version) {
            tx.batch_execute(migration).await?;
        }
        if let Some(check) = seal.check(&schema.known_keys(&*tx).await?)? {
            let add = schema.qualify("INSERT INTO egoi_verify_keys VALUES ($1)");
            tx.query_typed(&add, &[(&check.as_slice(), Type::BYTEA)]).await?;
        }
        tx.commit().await?;
        Ok(schema)
    }

    /// The statement with the schema in front of each of our names: which schema a name is looked for in is a setting of the
    /// session, and behind a pooler the session is anybody's.
    pub(super) fn qualify(&self, statement: &str) -> String {
        statement.replace(PREFIX, &format!("{}.{PREFIX}", self.quoted))
    }

    /// The version; none where there is none. A newer version's is refused.
    async fn version(&self, client: &impl GenericClient, name: &str) -> Result<Option<usize>, Failure> {
        // Not `to_regclass`, which remembers that there was none before another process made it.
        let there = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = n.oid AND relname = 'egoi_verify_version')
                     FROM pg_catalog.pg_namespace n WHERE nspname = $1";
        let there = client.query_typed(there, &[(&name, Type::NAME)]).await?;
        if !there.first().ok_or_else(Failure::no_schema)?.try_get::<_, bool>(0)? {
            return Ok(None);
        }
        let version = self.qualify("SELECT version FROM egoi_verify_version");
        let version: i32 = client.query_typed_one(&version, &[]).await?.try_get(0)?;
        match usize::try_from(version) {
            Ok(version) if version <= VERSION => Ok(Some(version)),
            _ => Err(Error::misconfigured(
                "store",
                Reason::NewerVersion,
                "the database's tables were made by a newer version of this library: use that version, or another database",
            )
            .into()),
        }
    }

    async fn known_keys(&self, client: &impl GenericClient) -> Result<Vec<Vec<u8>>, Failure> {
        let rows = client.query_typed(&self.qualify("SELECT key_check FROM egoi_verify_keys"), &[]).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;
    use crate::store::{DELIVERY_TIMEOUT, SWEPT_A_CALL};

    /// The number behind each of these in the functions.
    fn numbers(before: &str) -> Vec<u128> {
        let number = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
        MIGRATIONS[0].split(before).skip(1).filter_map(number).collect()
    }

    #[test]
    fn the_sweep_removes_as_many_rows_of_each_table_as_that_of_the_other_stores() {
        assert_eq!(numbers("ORDER BY until LIMIT "), [SWEPT_A_CALL as u128; 3]);
    }

    #[test]
    fn a_hand_over_is_taken_to_have_died_when_it_is_in_the_other_stores() {
        assert_eq!(numbers("r.sent_at + "), [DELIVERY_TIMEOUT.as_millis()]);
    }
}
