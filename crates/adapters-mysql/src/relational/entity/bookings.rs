use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bookings")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub reservation_id: String,
    pub event_id: String,
    pub user_id: Option<i64>,
    pub ticket_type: String,
    pub quantity: i32,
    pub status: String,
    pub created_at: DateTime,
    pub cancelled_at: Option<DateTime>,
    pub idempotency_key: Option<String>,
    pub fingerprint: Option<String>,
    pub keyed_at: Option<DateTime>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
