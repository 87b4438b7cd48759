from database import connect

with connect() as db:
    db.execute("create table if not exists entries (id bigserial primary key, name text not null, welcome text)")
print("the schema is up to date")
