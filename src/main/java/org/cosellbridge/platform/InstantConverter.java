package org.cosellbridge.platform;

import jakarta.persistence.AttributeConverter;
import jakarta.persistence.Converter;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/** Keeps instants in {@code timestamp(6) with time zone} columns, always UTC. EclipseLink would serialise an Instant otherwise. */
@Converter(autoApply = true)
public class InstantConverter implements AttributeConverter<Instant, OffsetDateTime> {
    @Override
    public @Nullable OffsetDateTime convertToDatabaseColumn(@Nullable Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }

    @Override
    public @Nullable Instant convertToEntityAttribute(@Nullable OffsetDateTime column) {
        return column == null ? null : column.toInstant();
    }
}
