package org.cosellbridge.mapping;

import jakarta.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.cosellbridge.referral.Direction;

/**
 * A record beside the main one, such as the customer's account. On its way to the CRM it is looked for, created when there is none,
 * and never updated; one that has parents is looked for among the records of those parents. On the way to Partner Center its values
 * fill a referral that is created from the main record. Immutable.
 */
public final class RelatedMapping {
    private final String name;
    private final CrmTable table;
    private final List<FieldMapping> fields;
    private final List<List<String>> match;
    private final List<String> references;
    private final Map<String, String> parents;
    private final boolean required;
    private final Set<Direction> directions;

    RelatedMapping(
            String name,
            CrmTable table,
            List<FieldMapping> fields,
            List<List<String>> match,
            List<String> references,
            Map<String, String> parents,
            boolean required,
            Set<Direction> directions) {
        this.name = name;
        this.table = table;
        this.fields = List.copyOf(fields);
        this.match = List.copyOf(match);
        this.references = List.copyOf(references);
        this.parents = Map.copyOf(parents);
        this.required = required;
        this.directions = Set.copyOf(directions);
    }

    /** Its name in the document, such as {@code account}. */
    public String name() {
        return name;
    }

    /** Where such records live. */
    public CrmTable table() {
        return table;
    }

    /** Whether its values travel that way: to the CRM when it is found or created there, to Partner Center when a referral is. */
    public boolean travels(Direction direction) {
        return directions.contains(direction);
    }

    /** Whether it is only read, so that nobody looks for one or creates one. */
    public boolean isReadOnly() {
        return !travels(Direction.TO_CRM);
    }

    /** What it is created with and read by, the references to its parents included. */
    public List<FieldMapping> fields() {
        return fields;
    }

    /** The field with this name. */
    public Optional<FieldMapping> findField(String field) {
        return fields.stream().filter(mapping -> mapping.name().equals(field)).findFirst();
    }

    /**
     * The names of the fields by which the one that belongs to this referral is found, all of which must be equal; an empty value
     * matches an empty field. Empty when the referral does not say enough to find or create one.
     */
    public List<String> match(JsonObject referral) {
        return match.stream()
                .filter(names -> !text(names.get(0), referral).isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    /**
     * The names of the fields of the main record that get its id, in the document's order. Towards Partner Center the first of them
     * that is not empty says which record it is.
     */
    public List<String> references() {
        return references;
    }

    /** By name of a field of this record, the name of the related record whose id it gets; that one comes earlier in the list. */
    public Map<String, String> parents() {
        return parents;
    }

    /** Whether the main record cannot be created without it. */
    public boolean required() {
        return required;
    }

    /**
     * The values it is found by as one text, in lower case with blanks collapsed: two referrals with the same key mean the same
     * record (within the same parents). Empty when {@link #match} is.
     */
    public Optional<String> matchKey(JsonObject referral) {
        List<String> names = match(referral);
        return names.isEmpty()
                ? Optional.empty()
                : Optional.of(names.stream()
                        .map(field -> field + "=" + text(field, referral))
                        .collect(Collectors.joining("|", name + "|", "")));
    }

    private String text(String field, JsonObject referral) {
        return findField(field)
                .flatMap(mapping -> Values.findText(mapping.toCrm(referral)))
                .map(text -> text.replaceAll("[\\s\\p{Z}]+", " ").strip().toLowerCase(Locale.ROOT))
                .orElse("");
    }

    @Override
    public String toString() {
        return name;
    }
}
