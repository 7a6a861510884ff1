-- The read side: where to find what an answer needs. Every table here can be thrown away and filled again from the log.

CREATE TABLE read.checkpoints (
    projection text PRIMARY KEY,
    position   bigint NOT NULL CHECK (position >= 0)
);
COMMENT ON TABLE read.checkpoints IS 'The last log position that each projection has fully handled.';
INSERT INTO read.checkpoints VALUES ('index', 0);

CREATE TABLE read.parked (
    projection text   NOT NULL,
    stream     text   COLLATE "C" NOT NULL,
    position   bigint NOT NULL,
    error      text   NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (projection, stream)
);
COMMENT ON TABLE read.parked IS 'Streams held back since an event that a projection could not handle.';

CREATE TABLE read.entities (
    entity    text COLLATE "C" PRIMARY KEY,
    kind      text NOT NULL,
    name      text,
    reference uuid
);
COMMENT ON TABLE read.entities IS 'Entities with the name they go by; reference is set where the name may have to be forgotten.';

CREATE TABLE read.entity_names (
    entity    text COLLATE "C" NOT NULL,
    name      text COLLATE "C" NOT NULL,
    folded    text COLLATE "C" NOT NULL,
    skeleton  text COLLATE "C" NOT NULL,
    reference uuid,
    PRIMARY KEY (entity, name)
);
COMMENT ON TABLE read.entity_names IS 'Every name and alias; folded is for search, skeleton is what names that look alike share.';
CREATE INDEX entity_names_folded ON read.entity_names (folded, entity);
CREATE INDEX entity_names_skeleton ON read.entity_names (skeleton);

CREATE TABLE read.entity_identifiers (
    scheme text COLLATE "C" NOT NULL,
    value  text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    PRIMARY KEY (scheme, value, entity)
);
CREATE INDEX entity_identifiers_value ON read.entity_identifiers (value, entity);
CREATE INDEX entity_identifiers_entity ON read.entity_identifiers (entity);

CREATE TABLE read.merges (
    merged text COLLATE "C" NOT NULL,
    into_entity text COLLATE "C" NOT NULL,
    PRIMARY KEY (merged, into_entity)
);
CREATE INDEX merges_into ON read.merges (into_entity);
COMMENT ON TABLE read.merges IS 'Every merge there ever was, also those taken back.';

CREATE TABLE read.claim_entities (
    entity text COLLATE "C" NOT NULL,
    claim  text COLLATE "C" NOT NULL,
    PRIMARY KEY (entity, claim)
);
CREATE INDEX claim_entities_claim ON read.claim_entities (claim, entity);
COMMENT ON TABLE read.claim_entities IS 'The entities that any version of a claim names, as participant, in a motion or as a voice.';

CREATE TABLE read.claim_articles (
    article text COLLATE "C" NOT NULL,
    claim   text COLLATE "C" NOT NULL,
    PRIMARY KEY (article, claim)
);
CREATE INDEX claim_articles_claim ON read.claim_articles (claim, article);
COMMENT ON TABLE read.claim_articles IS 'The articles on which any version of a claim rests.';

CREATE TABLE read.responses (
    claim  text COLLATE "C" NOT NULL,
    other  text COLLATE "C" NOT NULL,
    PRIMARY KEY (claim, other)
);
CREATE INDEX responses_other ON read.responses (other, claim);
COMMENT ON TABLE read.responses IS 'A response, and the claims it is about or speaks for.';
