package org.cosellbridge.mapping;

import jakarta.json.JsonArray;
import jakarta.json.JsonConfig;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.ReferralPath;
import org.cosellbridge.referral.ReferralPath.Kind;
import org.cosellbridge.referral.ReferralPaths;
import org.erdtman.jcs.JsonCanonicalizer;
import org.jspecify.annotations.Nullable;

/**
 * Reads one document: first its schema, then what a schema cannot say, for every part whose shape is right. It goes on after a
 * fault, so that one look shows all of them.
 */
final class DocumentReader {
    private static final Set<CrmType> PLAIN = EnumSet.of(
            CrmType.TEXT,
            CrmType.NUMBER,
            CrmType.MONEY,
            CrmType.BOOLEAN,
            CrmType.DATE,
            CrmType.DATETIME,
            CrmType.CHOICE);

    private static final Set<Direction> BOTH = Set.of(Direction.TO_CRM, Direction.TO_PARTNER_CENTER);

    private final String name;
    private final List<MappingFault> faults = new ArrayList<>();
    private final Set<String> misshapen = new HashSet<>();
    private final Map<String, Subject> subjects = new HashMap<>();
    private final Map<String, CrmTable> tables = new LinkedHashMap<>();
    private final Set<String> readOnly = new HashSet<>();

    /**
     * Where a list of fields stands.
     *
     * @param main whether it is the document's own
     * @param directions the ways that values of these records travel at all
     * @param relatable the related records whose ids its fields can get
     */
    private record Scope(boolean main, Set<Direction> directions, Set<String> relatable) {}

    private DocumentReader(String name) {
        this.name = name;
    }

    static MappingDocument read(String name, String json) {
        return new DocumentReader(name).read(json);
    }

    private MappingDocument read(String json) {
        JsonObject document = object(json);
        for (MappingFault fault : SchemaCheck.faults(name, json)) {
            faults.add(fault);
            misshapen.add(fault.place());
        }
        readSubjects(document);
        List<RelatedMapping> related = List.of();
        List<FieldMapping> fields = List.of();
        readRelatedTables(document);
        if (isShaped("/fields") && document.get("fields") instanceof JsonArray list) {
            fields = readFields(list, "/fields", new Scope(true, BOTH, tables.keySet()));
            checkMain(document, list, fields);
        }
        if (isShaped("/related") && document.get("related") instanceof JsonArray list) {
            related = readRelated(list, fields);
        }
        checkPathWriters(fields, related);
        Section section = Section.NONE;
        if (isShapedBelow("/section") && document.get("section") instanceof JsonObject object) {
            section = SectionReader.read(object, fields, this::fault);
        }
        NewReferralTemplate newReferral = null;
        if (isShapedBelow("/newReferral") && document.get("newReferral") instanceof JsonObject object) {
            NewReferralTemplate.check(object, this::fault);
            checkSwitch(document);
            newReferral = faults.isEmpty() ? new NewReferralTemplate(object) : null;
        }
        if (!faults.isEmpty()) {
            throw new MappingException(faults);
        }
        return new MappingDocument(
                document.getString("connector"),
                document.getString("record"),
                version(json),
                table(document.getJsonObject("table")),
                document.getString("referralKey"),
                fields,
                related,
                section,
                newReferral,
                json);
    }

    private JsonObject object(String json) {
        try (JsonReader reader = Values.JSON
                .createReaderFactory(Map.of(JsonConfig.KEY_STRATEGY, JsonConfig.KeyStrategy.NONE))
                .createReader(new StringReader(json))) {
            return reader.readObject();
        } catch (JsonException notJson) {
            throw new MappingException(new MappingFault(
                    name, "", "The text is not a JSON object without repeated members: " + notJson.getMessage()));
        }
    }

    private String version(String json) {
        try {
            byte[] canonical = new JsonCanonicalizer(json).getEncodedUTF8();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(canonical);
            return HexFormat.of().formatHex(digest).substring(0, 12);
        } catch (IOException notJson) {
            throw new MappingException(new MappingFault(name, "", "The text has no canonical form."));
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("This Java runtime has no SHA-256.", missing);
        }
    }

    private void fault(String place, String reason) {
        faults.add(new MappingFault(name, place, reason));
    }

    /** Whether the schema found nothing wrong at or below this place (wrong below a list counts for its element only). */
    private boolean isShaped(String place) {
        return !misshapen.contains(place);
    }

    private boolean isShapedBelow(String place) {
        return misshapen.stream().noneMatch(wrong -> wrong.equals(place) || wrong.startsWith(place + "/"));
    }

    private void readSubjects(JsonObject document) {
        if (!isShapedBelow("/subjects") || !(document.get("subjects") instanceof JsonObject all)) {
            return;
        }
        all.forEach((subject, alternatives) -> {
            List<List<ReferralPath>> lists = new ArrayList<>();
            JsonArray array = alternatives.asJsonArray();
            for (int i = 0; i < array.size(); i++) {
                List<ReferralPath> paths = new ArrayList<>();
                JsonArray texts = array.getJsonArray(i);
                for (int j = 0; j < texts.size(); j++) {
                    findPath("/subjects/" + subject + "/" + i + "/" + j, texts.getString(j))
                            .ifPresent(paths::add);
                }
                lists.add(paths);
            }
            subjects.put(subject, new Subject(lists));
        });
    }

    private Optional<ReferralPath> findPath(String place, String text) {
        Optional<ReferralPath> path = ReferralPaths.find(text);
        if (path.isEmpty()) {
            fault(place, unknownPath(text));
        }
        return path;
    }

    /** What is wrong with a path that no referral has, and which ones may be meant. */
    static String unknownPath(String text) {
        String last = text.substring(text.lastIndexOf('.') + 1);
        String hint = ReferralPaths.known().stream()
                .filter(known -> known.replace("[]", "").equalsIgnoreCase(text.replaceAll("\\[\\d*]", ""))
                        || known.substring(known.lastIndexOf('.') + 1).equalsIgnoreCase(last))
                .limit(3)
                .reduce((one, other) -> one + ", " + other)
                .map(known -> " Known are: " + known + ".")
                .orElse("");
        return "The path '" + text + "' does not exist in a referral." + hint;
    }

    private void readRelatedTables(JsonObject document) {
        if (document.get("related") instanceof JsonArray list) {
            for (int i = 0; i < list.size(); i++) {
                String place = "/related/" + i;
                if (list.get(i) instanceof JsonObject related
                        && isShaped(place)
                        && isShapedBelow(place + "/table")
                        && isShapedBelow(place + "/name")) {
                    String relatedName = related.getString("name");
                    if (tables.putIfAbsent(relatedName, table(related.getJsonObject("table"))) != null) {
                        fault(place + "/name", "The name '" + relatedName + "' is taken by an earlier record.");
                    } else if (!directions(related.getString("direction", "to-crm"))
                            .contains(Direction.TO_CRM)) {
                        readOnly.add(relatedName);
                    }
                }
            }
        }
    }

    private static Set<Direction> directions(String word) {
        return switch (word) {
            case "both" -> BOTH;
            case "to-crm" -> Set.of(Direction.TO_CRM);
            case "to-partner-center" -> Set.of(Direction.TO_PARTNER_CENTER);
            default -> Set.of();
        };
    }

    private static CrmTable table(JsonObject table) {
        return new CrmTable(table.getString("name"), table.getString("set"), table.getString("key"));
    }

    private List<FieldMapping> readFields(JsonArray list, String place, Scope scope) {
        List<FieldMapping> fields = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Map<String, String> writers = new HashMap<>();
        for (int i = 0; i < list.size(); i++) {
            String here = place + "/" + i;
            if (!isShapedBelow(here) || !(list.get(i) instanceof JsonObject field)) {
                continue;
            }
            String fieldName = field.getString("name");
            if (!names.add(fieldName)) {
                fault(here + "/name", "The name '" + fieldName + "' is taken by an earlier field.");
            }
            FieldMapping mapping = new FieldMapping(readField(field, here, scope));
            fields.add(mapping);
            if (Stream.of(Occasion.values()).anyMatch(occasion -> mapping.travels(Direction.TO_CRM, occasion))) {
                String writer = writers.putIfAbsent(mapping.crm().name(), fieldName);
                if (writer != null) {
                    fault(
                            here + "/field",
                            "The CRM field '" + mapping.crm().name() + "' is written by the field '" + writer
                                    + "' already. Switch one of them off.");
                }
            }
        }
        return fields;
    }

    private FieldMapping.Definition readField(JsonObject field, String place, Scope scope) {
        Map<Direction, Set<Occasion>> occasions = occasions(field, place, scope);
        ReferralPath path = field.containsKey("path")
                ? findPath(place + "/path", field.getString("path")).orElse(null)
                : null;
        CrmType type = CrmType.find(field.getString("type")).orElseThrow();
        Map<Direction, Expression> transforms = new EnumMap<>(Direction.class);
        compile(field, place, "toCrm", Direction.TO_CRM, transforms);
        compile(field, place, "toPartnerCenter", Direction.TO_PARTNER_CENTER, transforms);
        String related = field.getString("related", null);
        Integer scale = field.containsKey("scale") ? Integer.valueOf(field.getInt("scale")) : null;
        FieldMapping.Definition definition = new FieldMapping.Definition(
                name,
                place,
                field.getString("name"),
                path,
                field.get("constant"),
                related,
                crm(field, place, type, related == null ? null : tables.get(related)),
                field.getString("label", null),
                occasions,
                ConflictRule.valueOf(
                        field.getString("conflict", "newest").replace('-', '_').toUpperCase(Locale.ROOT)),
                field.getBoolean("mayErase", false),
                field.getBoolean("lossy", false),
                field.getBoolean("oneWay", false),
                field.getString("lockedBy", null),
                transforms,
                values(field),
                defaults(field),
                field.getString("separator", null),
                field.getBoolean("marks", false),
                field.getInt("maxLength", 0),
                scale != null ? scale : type == CrmType.MONEY ? 2 : -1,
                subject(field, place));
        checkSource(field, place, definition, scope);
        checkConversion(field, place, definition);
        // related records are never compared, so nothing of theirs comes back
        if (scope.main() && occasions.keySet().equals(BOTH) && field.containsKey("path")) {
            checkRoundTrip(field, place, definition);
        }
        checkValues(place, definition);
        return definition;
    }

    private Map<Direction, Set<Occasion>> occasions(JsonObject field, String place, Scope scope) {
        Set<Direction> directions = field.containsKey("path") ? scope.directions() : Set.of(Direction.TO_CRM);
        if (field.containsKey("direction")) {
            directions = directions(field.getString("direction"));
        }
        if (!scope.directions().containsAll(directions)) {
            fault(
                    place + "/direction",
                    scope.directions().contains(Direction.TO_CRM)
                            ? "The record's own direction is to-crm: say that it is both, and the field may go both ways."
                            : "The record is only read: its fields have a path and go to-partner-center.");
        }
        Map<Direction, Set<Occasion>> occasions = new EnumMap<>(Direction.class);
        if (directions.contains(Direction.TO_CRM)) {
            occasions.put(
                    Direction.TO_CRM, occasions(field, "toCrm").orElse(EnumSet.of(Occasion.CREATE, Occasion.UPDATE)));
        }
        if (directions.contains(Direction.TO_PARTNER_CENTER)) {
            Set<Occasion> given = occasions(field, "toPartnerCenter")
                    .orElse(scope.main() ? EnumSet.of(Occasion.CREATE, Occasion.UPDATE) : EnumSet.of(Occasion.CREATE));
            if (!scope.main() && given.contains(Occasion.UPDATE)) {
                fault(
                        place + "/when/toPartnerCenter",
                        "A related record fills a referral that is created, and not one that exists: only 'create' is possible.");
            }
            occasions.put(Direction.TO_PARTNER_CENTER, given);
        }
        return occasions;
    }

    private static Optional<Set<Occasion>> occasions(JsonObject field, String direction) {
        JsonObject when = field.getJsonObject("when");
        if (when == null || !when.containsKey(direction)) {
            return Optional.empty();
        }
        Set<Occasion> occasions = EnumSet.noneOf(Occasion.class);
        when.getJsonArray(direction)
                .getValuesAs(JsonString.class)
                .forEach(word -> occasions.add(Occasion.valueOf(word.getString().toUpperCase(Locale.ROOT))));
        return Optional.of(occasions);
    }

    private void compile(
            JsonObject field, String place, String member, Direction direction, Map<Direction, Expression> into) {
        JsonObject transform = field.getJsonObject("transform");
        if (transform != null && transform.containsKey(member)) {
            try {
                into.put(direction, Expression.compile(transform.getString(member)));
            } catch (Expression.Refused refused) {
                fault(place + "/transform/" + member, String.valueOf(refused.getMessage()));
            }
        }
    }

    private CrmField crm(JsonObject field, String place, CrmType type, @Nullable CrmTable relatedTable) {
        boolean bound = type == CrmType.LOOKUP || type == CrmType.REFERENCE;
        require(field, place, "match", type == CrmType.LOOKUP, "lookup");
        // a reference to a related record says nothing of its table, one to any other record does
        if (type != CrmType.REFERENCE || field.containsKey("related")) {
            require(field, place, "target", type == CrmType.LOOKUP, "lookup");
        }
        require(field, place, "states", type == CrmType.STATE, "state");
        if (field.containsKey("reference") && !bound) {
            fault(place + "/reference", "Only fields of the types reference and lookup have it.");
        }
        Map<String, CrmField.StateStep> states = new LinkedHashMap<>();
        if (field.containsKey("states")) {
            field.getJsonObject("states").forEach((state, step) -> {
                Map<String, Integer> written = new LinkedHashMap<>();
                JsonObject numbers = step.asJsonObject().getJsonObject("fields");
                if (numbers != null) {
                    numbers.keySet().forEach(column -> written.put(column, numbers.getInt(column)));
                }
                Map<String, String> closing = new LinkedHashMap<>();
                JsonObject told = step.asJsonObject().getJsonObject("closing");
                if (told != null) {
                    told.keySet().forEach(name -> closing.put(name, told.getString(name)));
                }
                Set<String> from = new HashSet<>();
                JsonArray origins = step.asJsonObject().getJsonArray("from");
                if (origins != null) {
                    origins.getValuesAs(JsonString.class).forEach(origin -> {
                        from.add(origin.getString());
                        if (!field.getJsonObject("states").containsKey(origin.getString())) {
                            fault(
                                    place + "/states/" + state + "/from",
                                    "The document has no state '" + origin.getString() + "'.");
                        }
                    });
                }
                states.put(
                        state,
                        new CrmField.StateStep(
                                CrmField.Step.valueOf(
                                        step.asJsonObject().getString("step").toUpperCase(Locale.ROOT)),
                                written,
                                closing,
                                from));
            });
        }
        return new CrmField(
                field.getString("field"),
                type,
                field.getString("reference", null),
                field.containsKey("target") ? table(field.getJsonObject("target")) : relatedTable,
                field.getString("match", null),
                states);
    }

    private void require(JsonObject field, String place, String member, boolean wanted, String type) {
        if (wanted && !field.containsKey(member)) {
            fault(place, "A field of the type " + type + " needs '" + member + "'.");
        } else if (!wanted && field.containsKey(member)) {
            fault(place + "/" + member, "Only a field of the type " + type + " has it.");
        }
    }

    private static @Nullable ValueTable values(JsonObject field) {
        JsonArray rows = field.getJsonArray("values");
        return rows == null
                ? null
                : new ValueTable(rows.getValuesAs(JsonObject.class).stream()
                        .map(row -> new ValueTable.Pair(
                                row.getOrDefault("partnerCenter", JsonValue.NULL),
                                row.getOrDefault("crm", JsonValue.NULL)))
                        .toList());
    }

    private static Map<Direction, JsonValue> defaults(JsonObject field) {
        Map<Direction, JsonValue> defaults = new EnumMap<>(Direction.class);
        JsonObject given = field.getJsonObject("default");
        if (given != null && given.containsKey("toCrm")) {
            defaults.put(Direction.TO_CRM, given.get("toCrm"));
        }
        if (given != null && given.containsKey("toPartnerCenter")) {
            defaults.put(Direction.TO_PARTNER_CENTER, given.get("toPartnerCenter"));
        }
        return defaults;
    }

    private @Nullable Subject subject(JsonObject field, String place) {
        String subject = field.getString("personal", null);
        if (subject == null) {
            return null;
        }
        Subject found = subjects.get(subject);
        if (found == null) {
            fault(place + "/personal", "There is no subject '" + subject + "' under subjects.");
            return new Subject(List.of());
        }
        return found;
    }

    /** A value comes from exactly one place, and what comes from us alone goes to the CRM alone. */
    private void checkSource(JsonObject field, String place, FieldMapping.Definition is, Scope scope) {
        JsonObject transform = field.getJsonObject("transform");
        boolean computed = !field.containsKey("path") && transform != null;
        int sources = (field.containsKey("path") ? 1 : 0)
                + (field.containsKey("constant") ? 1 : 0)
                + (field.containsKey("related") ? 1 : 0)
                + (computed ? 1 : 0);
        boolean isReference = is.crm().type() == CrmType.REFERENCE;
        if (sources == 0 && isReference && field.containsKey("target")) {
            if (!is.occasions().isEmpty()) {
                fault(
                        place + "/direction",
                        "Nothing gives this reference a value, so its direction is off: the product itself fills and reads it.");
            }
            return;
        }
        if (sources != 1) {
            fault(place, "A field has exactly one of path, constant, related, or a transform without any of them.");
            return;
        }
        if (isReference != field.containsKey("related")) {
            fault(
                    place,
                    isReference
                            ? "A field of the type reference names the related record whose id it gets."
                            : "A field that gets a related record's id is of the type reference.");
        }
        if (is.related() != null
                && scope.main()
                && readOnly.contains(is.related())
                && !is.occasions().isEmpty()) {
            fault(
                    place + "/direction",
                    "The record '" + is.related()
                            + "' is only read, so nothing can be written here: the direction is off.");
        }
        if (is.related() != null && !scope.relatable().contains(is.related())) {
            fault(
                    place + "/related",
                    scope.main()
                            ? "There is no related record '" + is.related() + "'."
                            : "There is no related record '" + is.related() + "' earlier in the list.");
        }
        if (!field.containsKey("path") && is.occasions().containsKey(Direction.TO_PARTNER_CENTER)) {
            fault(
                    place + "/direction",
                    "A field without a path goes to-crm only: nothing at Partner Center could take its value.");
        }
        if (!field.containsKey("path") && transform != null && !transform.containsKey("toCrm")) {
            fault(place + "/transform", "A transform without a path needs 'toCrm'.");
        }
        if (is.path() != null
                && is.occasions().containsKey(Direction.TO_PARTNER_CENTER)
                && is.path().readOnly()) {
            fault(place + "/direction", "Partner Center alone sets '" + is.path() + "': the field goes to-crm only.");
        }
        if (!scope.main()
                && is.path() != null
                && is.occasions().containsKey(Direction.TO_PARTNER_CENTER)
                && !NewReferralTemplate.isOpen(is.path())) {
            fault(
                    place + "/path",
                    "'" + is.path() + "' is decided for each referral anew; a related record cannot fill it.");
        }
    }

    /** Without a transform or a value table the two kinds of value must be the same in nature. */
    private void checkConversion(JsonObject field, String place, FieldMapping.Definition is) {
        if (is.path() == null) {
            return;
        }
        Kind kind = is.path().kind();
        if (is.separator() != null && (kind != Kind.LIST || is.crm().type() != CrmType.TEXT)) {
            fault(
                    place + "/separator",
                    "It joins a list into a text: the path needs empty brackets ([]) and the type is text.");
        }
        if (is.marks() && (kind != Kind.TEXT || is.crm().type() != CrmType.TEXT)) {
            fault(place + "/marks", "Only texts have marks.");
        }
        if (is.maxLength() > 0 && is.crm().type() != CrmType.TEXT) {
            fault(place + "/maxLength", "Only fields of the type text are cut.");
        }
        boolean numeric = is.crm().type() == CrmType.NUMBER || is.crm().type() == CrmType.MONEY;
        if (field.containsKey("scale") && !numeric) {
            fault(place + "/scale", "Only fields of the types number and money are rounded.");
        }
        if (is.oneWay() && is.crm().type() != CrmType.BOOLEAN) {
            fault(place + "/oneWay", "Only yes/no fields (boolean) are one-way.");
        }
        for (Direction direction : is.occasions().keySet()) {
            if (is.transforms().containsKey(direction) || hasFailedTransform(field, direction) || is.values() != null) {
                continue;
            }
            boolean fits = switch (kind) {
                case TEXT, ANY -> true;
                case NUMBER ->
                    switch (is.crm().type()) {
                        case TEXT, NUMBER, MONEY, CHOICE -> true;
                        case BOOLEAN, DATE, DATETIME, REFERENCE, LOOKUP, STATE -> false;
                    };
                case BOOLEAN -> is.crm().type() == CrmType.BOOLEAN || is.crm().type() == CrmType.TEXT;
                case DATETIME ->
                    switch (is.crm().type()) {
                        case TEXT, DATE, DATETIME -> true;
                        case NUMBER, MONEY, BOOLEAN, CHOICE, REFERENCE, LOOKUP, STATE -> false;
                    };
                case LIST -> is.separator() != null;
                case STRUCTURE -> false;
            };
            if (!fits) {
                fault(
                        place,
                        "The path '" + is.path() + "' holds " + described(kind) + ", the CRM field is of the type "
                                + is.crm().type().word() + ". Give a transform"
                                + (kind == Kind.LIST ? " or a separator." : "."));
            }
        }
    }

    private static boolean hasFailedTransform(JsonObject field, Direction direction) {
        JsonObject transform = field.getJsonObject("transform");
        return transform != null && transform.containsKey(direction == Direction.TO_CRM ? "toCrm" : "toPartnerCenter");
    }

    private static String described(Kind kind) {
        return switch (kind) {
            case TEXT -> "text";
            case NUMBER -> "a number";
            case BOOLEAN -> "true or false";
            case DATETIME -> "a date-time";
            case LIST -> "a list";
            case STRUCTURE -> "a list of objects or an object";
            case ANY -> "anything";
        };
    }

    /** What goes there and comes back must be what it was, or the field says that something is lost. */
    private void checkRoundTrip(JsonObject field, String place, FieldMapping.Definition is) {
        if (is.values() != null && !is.values().isStable()) {
            fault(
                    place + "/values",
                    "A value that goes to the other side comes back as another one and would change for ever."
                            + " The first row of a value must lead back to that value.");
        }
        if (is.lossy()) {
            return;
        }
        String orSayIt = " Make it symmetric, choose one direction, or declare \"lossy\": true.";
        if (is.values() != null && !is.values().isInvertible()) {
            fault(
                    place + "/values",
                    "A value stands in several rows, so a field of both directions loses it." + orSayIt);
        }
        if (hasFailedTransform(field, Direction.TO_CRM) != hasFailedTransform(field, Direction.TO_PARTNER_CENTER)) {
            fault(
                    place + "/transform",
                    "Only one direction is transformed, so a value does not come back as it was." + orSayIt);
        }
        if (is.maxLength() > 0) {
            fault(place + "/maxLength", "A cut text does not come back as it was. Declare \"lossy\": true.");
        }
        if (field.containsKey("scale") && !(is.crm().type() == CrmType.MONEY && is.scale() >= 2)) {
            fault(place + "/scale", "A rounded number does not come back as it was. Declare \"lossy\": true.");
        }
    }

    /** Constants, defaults and value tables hold what their side can take. */
    private void checkValues(String place, FieldMapping.Definition is) {
        FieldMapping mapping = new FieldMapping(is);
        if (is.constant() != null && is.values() == null) {
            checkExpressed(mapping, Direction.TO_CRM, is.constant(), place + "/constant");
        }
        is.defaults()
                .forEach((direction, value) -> checkExpressed(
                        mapping,
                        direction,
                        value,
                        place + "/default/" + (direction == Direction.TO_CRM ? "toCrm" : "toPartnerCenter")));
        if (is.values() == null) {
            return;
        }
        for (int i = 0; i < is.values().pairs().size(); i++) {
            ValueTable.Pair pair = is.values().pairs().get(i);
            if (is.occasions().containsKey(Direction.TO_CRM) || is.crm().type() == CrmType.STATE) {
                checkExpressed(mapping, Direction.TO_CRM, pair.crm(), place + "/values/" + i + "/crm");
            }
            if (is.occasions().containsKey(Direction.TO_PARTNER_CENTER)) {
                checkExpressed(
                        mapping,
                        Direction.TO_PARTNER_CENTER,
                        pair.partnerCenter(),
                        place + "/values/" + i + "/partnerCenter");
            }
        }
    }

    private void checkExpressed(FieldMapping mapping, Direction direction, JsonValue value, String place) {
        try {
            mapping.expressed(direction, value);
        } catch (MappingException refused) {
            String reason = refused.faults().get(0).reason();
            fault(place, reason.substring(reason.indexOf(": ") + 2));
        }
    }

    private void checkMain(JsonObject document, JsonArray list, List<FieldMapping> fields) {
        if (isShaped("/referralKey") && document.get("referralKey") instanceof JsonString key) {
            boolean mapped = fields.stream()
                    .anyMatch(field -> field.crm().name().equals(key.getString())
                            && field.path().filter("id"::equals).isPresent()
                            && field.travels(Direction.TO_CRM, Occasion.CREATE));
            if (!mapped && fields.size() == list.size()) {
                fault(
                        "/referralKey",
                        "No field writes the path 'id' to '" + key.getString() + "' when a record is created.");
            }
        }
        if ("dynamics".equals(document.getString("connector", ""))) {
            // where a state is no more than one of a field's values, nothing else is written
            fields.forEach(field -> field.crm().states().forEach((state, step) -> {
                if (step.fields().isEmpty()) {
                    fault(field.place() + "/states/" + state, "It needs 'fields': what the record then holds.");
                }
            }));
        }
        if (fields.size() == list.size()) {
            fields.forEach(
                    field -> field.crm().states().forEach((state, step) -> checkClosing(field, state, step, fields)));
        }
        for (FieldMapping field : fields) {
            field.lockedBy().ifPresent(lock -> {
                boolean there = fields.stream()
                        .anyMatch(other ->
                                other.crm().name().equals(lock) && other.crm().type() == CrmType.BOOLEAN);
                if (!there) {
                    fault(
                            field.place() + "/lockedBy",
                            "There is no field of the type boolean for the CRM field '" + lock + "' in the document.");
                }
            });
        }
    }

    /** Only a step that closes tells something, and only plain values of mapped fields are at hand. */
    private void checkClosing(FieldMapping field, String state, CrmField.StateStep step, List<FieldMapping> fields) {
        String place = field.place() + "/states/" + state + "/closing";
        if (!step.closing().isEmpty() && step.step() == CrmField.Step.SET) {
            fault(place, "Only the steps win and lose close a record.");
        }
        step.closing().forEach((told, column) -> {
            boolean there = fields.stream()
                    .map(FieldMapping::crm)
                    .anyMatch(crm -> crm.name().equals(column) && PLAIN.contains(crm.type()));
            if (!there) {
                fault(
                        place + "/" + told,
                        "There is no field with a plain value for the CRM field '" + column + "' in the document.");
            }
        });
    }

    /** What an own column cannot hold twice, a referral cannot either: two fields that write one place there overwrite each other. */
    private void checkPathWriters(List<FieldMapping> fields, List<RelatedMapping> related) {
        List<FieldMapping> writers = new ArrayList<>();
        Stream.concat(fields.stream(), related.stream().flatMap(record -> record.fields().stream()))
                .forEach(field -> {
                    writers.stream()
                            .filter(field::writesOver)
                            .findFirst()
                            .ifPresent(writer -> fault(
                                    field.place() + "/path",
                                    "What stands there at Partner Center is written by the field '" + writer.name()
                                            + "' already. Switch one of them off in that direction."));
                    writers.add(field);
                });
    }

    private void checkSwitch(JsonObject document) {
        boolean switched = document.get("section") instanceof JsonObject section && section.containsKey("sync");
        if (!switched) {
            fault(
                    "/newReferral",
                    "A referral is created only for a record whose seller switched that on: name the yes/no field in"
                            + " section.sync.");
        }
    }

    private List<RelatedMapping> readRelated(JsonArray list, List<FieldMapping> mainFields) {
        List<RelatedMapping> all = new ArrayList<>();
        Set<String> earlier = new HashSet<>();
        Set<String> wanted = new HashSet<>();
        mainFields.forEach(field -> field.related().ifPresent(wanted::add));
        for (int i = 0; i < list.size(); i++) {
            String place = "/related/" + i;
            if (!isShaped(place) || !isShaped(place + "/fields") || !(list.get(i) instanceof JsonObject related)) {
                continue;
            }
            if (!(related.get("name") instanceof JsonString relatedName)) {
                continue;
            }
            JsonArray fieldList = related.getJsonArray("fields");
            Set<Direction> directions = directions(related.getString("direction", "to-crm"));
            List<FieldMapping> fields =
                    readFields(fieldList, place + "/fields", new Scope(false, directions, Set.copyOf(earlier)));
            Map<String, String> parents = new LinkedHashMap<>();
            fields.forEach(field -> field.related().ifPresent(parent -> {
                parents.put(field.name(), parent);
                wanted.add(parent);
            }));
            checkSearch(related, place, directions.contains(Direction.TO_CRM));
            List<List<String>> match = isShapedBelow(place + "/match") && related.containsKey("match")
                    ? readMatch(
                            related.getJsonArray("match"), place + "/match", fields, fields.size() == fieldList.size())
                    : List.of();
            earlier.add(relatedName.getString());
            if (isShapedBelow(place)) {
                all.add(new RelatedMapping(
                        relatedName.getString(),
                        table(related.getJsonObject("table")),
                        fields,
                        match,
                        mainFields.stream()
                                .filter(field -> field.related()
                                        .filter(relatedName.getString()::equals)
                                        .isPresent())
                                .map(FieldMapping::name)
                                .toList(),
                        parents,
                        related.getBoolean("required", false),
                        directions));
            }
        }
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i) instanceof JsonObject related
                    && related.get("name") instanceof JsonString relatedName
                    && !wanted.contains(relatedName.getString())
                    && isShapedBelow("/fields")
                    && isShapedBelow("/related")) {
                fault(
                        "/related/" + i + "/name",
                        "No field takes the id of '" + relatedName.getString()
                                + "'. Add one with \"related\", or take this out.");
            }
        }
        return all;
    }

    private void checkSearch(JsonObject related, String place, boolean written) {
        if (written && !related.containsKey("match")) {
            fault(place, "A record that is looked for needs 'match'.");
        }
        for (String member : List.of("match", "required")) {
            if (!written && related.containsKey(member)) {
                fault(place + "/" + member, "The record is only read: nothing is looked for or created.");
            }
        }
    }

    private List<List<String>> readMatch(JsonArray match, String place, List<FieldMapping> fields, boolean complete) {
        List<List<String>> alternatives = new ArrayList<>();
        for (int i = 0; i < match.size(); i++) {
            List<String> names = match.getJsonArray(i).getValuesAs(JsonString::getString);
            for (int j = 0; j < names.size(); j++) {
                String wanted = names.get(j);
                boolean there = fields.stream()
                        .anyMatch(field ->
                                field.name().equals(wanted) && field.related().isEmpty());
                if (!there && complete) {
                    fault(
                            place + "/" + i + "/" + j,
                            "This record has no field '" + wanted + "' with a value of its own.");
                }
            }
            alternatives.add(List.copyOf(names));
        }
        return alternatives;
    }
}
