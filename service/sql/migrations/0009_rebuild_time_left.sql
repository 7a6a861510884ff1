-- How long the whole rebuild takes from here, as whoever runs it reckons; nothing where it cannot be told.
ALTER TABLE projections.rebuilds ADD COLUMN whole_seconds_left double precision;
