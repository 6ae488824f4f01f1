//! The MySQL schema as one script.

use crate::MySqlMigrator;

/// The whole MySQL schema as SQL for the `mysql` client, with the records of the migrations, so that
/// the server takes the schema as up to date. It is meant for an empty database.
pub fn mysql_script() -> String {
    let steps = MySqlMigrator::steps();
    let mut script = String::from(HEAD);
    for step in &steps {
        script.push_str(&format!("-- {}\n{};\n\n", step.name, step.up));
    }
    script.push_str(RECORDS);
    let names: Vec<String> = steps
        .iter()
        .map(|step| format!("  ('{}', UNIX_TIMESTAMP())", step.name))
        .collect();
    script.push_str(&format!(
        "INSERT INTO seaql_migrations (version, applied_at) VALUES\n{};\n",
        names.join(",\n")
    ));
    script
}

const HEAD: &str = "-- Boxoffice: users, sessions, bookings and outbox, for an empty database of MySQL 8.4 or MariaDB 10.11\n\
    -- (or later). Load it with:  mysql boxoffice < this-file\n\n";

const RECORDS: &str = "-- What is applied, as `boxoffice migrate` keeps it.\n\
    CREATE TABLE IF NOT EXISTS seaql_migrations (\n  \
    version varchar(255) NOT NULL PRIMARY KEY,\n  \
    applied_at bigint NOT NULL\n);\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_in_the_script_and_in_its_records() {
        let script = mysql_script();
        for step in MySqlMigrator::steps() {
            assert!(script.contains(&step.up), "{}", step.name);
            assert!(
                script.contains(&format!("('{}', ", step.name)),
                "{}",
                step.name
            );
        }
    }

    #[test]
    fn tables_are_transactional_and_compare_text_byte_by_byte() {
        let steps = MySqlMigrator::steps();
        let tables: Vec<_> = steps
            .iter()
            .filter(|s| s.up.starts_with("CREATE TABLE"))
            .collect();
        assert_eq!(tables.len(), 12);
        for table in tables {
            assert!(table.up.contains("ENGINE=InnoDB"), "{}", table.up);
            assert!(table.up.contains("utf8mb4_bin"), "{}", table.up);
        }
    }

    #[test]
    fn names_are_unique_and_in_order() {
        for steps in [MySqlMigrator::steps(), crate::EmbeddedMigrator::steps()] {
            let names: Vec<_> = steps.iter().map(|step| step.name).collect();
            let mut sorted = names.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(names, sorted);
        }
    }
}
