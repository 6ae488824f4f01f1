//! Schemas of what is parsed by hand, and has no type to derive them from.

use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};

/// A field: its name and its schema.
pub(crate) type Field = (&'static str, Schema);

/// The schema of an object with these fields and no others.
pub(crate) fn body_schema(required: Vec<Field>, optional: Vec<Field>) -> ObjectBuilder {
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let object = required.into_iter().fold(object, |object, (name, schema)| {
        object.property(name, schema).required(name)
    });
    optional.into_iter().fold(object, |object, (name, schema)| {
        object.property(name, schema)
    })
}

/// The schema of a change: any of the fields, at least one.
pub(crate) fn changes(fields: Vec<Field>) -> ObjectBuilder {
    body_schema(Vec::new(), fields).min_properties(Some(1))
}

/// Defines a type that stands for a schema and has no values.
macro_rules! schema_type {
    ($(#[$doc:meta])* $name:ident as $public:literal, $schema:expr) => {
        $(#[$doc])*
        pub(crate) enum $name {}

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::Schema::from($schema).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $public.into()
            }
        }
    };
}
pub(crate) use schema_type;
