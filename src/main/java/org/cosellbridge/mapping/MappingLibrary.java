package org.cosellbridge.mapping;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Where mapping documents come from: the product itself or a folder of the admin's. */
public final class MappingLibrary {
    private static final String SCHEMA = "mapping.schema.json";

    private MappingLibrary() {}

    /**
     * The document in this text.
     *
     * @param name how faults name it
     * @throws MappingException with every fault, each with its place and reason
     */
    public static MappingDocument parse(String name, String json) {
        return DocumentReader.read(name, json);
    }

    /** The documents the product brings for a type of CRM; throws {@link MappingException} when it has none for a record. */
    public static List<MappingDocument> builtIn(String connectorType, Collection<String> records) {
        return read(connectorType, records, record -> {
            String resource = connectorType + "/" + record + ".json";
            try (InputStream stream = MappingLibrary.class.getResourceAsStream(resource)) {
                if (stream == null) {
                    throw fault(
                            resource,
                            "There is no built-in mapping document for this record. Give a folder of your own.");
                }
                return new Source("built-in " + resource, new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException unreadable) {
                throw fault(resource, "cannot be read.");
            }
        });
    }

    /** The documents {@code <record>.json} of a folder; throws {@link MappingException} with the faults of all of them. */
    public static List<MappingDocument> load(Path folder, String connectorType, Collection<String> records) {
        return read(connectorType, records, record -> {
            Path file = folder.resolve(record + ".json");
            try {
                return new Source(file.toString(), Files.readString(file));
            } catch (IOException unreadable) {
                throw fault(
                        file.toString(),
                        Files.exists(file)
                                ? "The file cannot be read as UTF-8 text."
                                : "The file does not exist. Put the mapping document for " + record + " there.");
            }
        });
    }

    /** The JSON Schema of mapping documents. */
    public static String schema() {
        try (InputStream stream = MappingLibrary.class.getResourceAsStream(SCHEMA)) {
            if (stream == null) {
                throw new IllegalStateException(SCHEMA + " is missing from the product.");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new IllegalStateException(SCHEMA + " cannot be read.", unreadable);
        }
    }

    private static List<MappingDocument> read(String connectorType, Collection<String> records, Finder finder) {
        List<MappingDocument> documents = new ArrayList<>();
        List<MappingFault> faults = new ArrayList<>();
        for (String record : records) {
            try {
                Source source = finder.find(record);
                MappingDocument document = parse(source.name, source.json);
                if (!document.connector().equals(connectorType)) {
                    faults.add(new MappingFault(
                            source.name,
                            "/connector",
                            "The connection is of type " + connectorType + ", not this one."));
                }
                if (!document.record().equals(record)) {
                    faults.add(
                            new MappingFault(source.name, "/record", "The file is for " + record + ", not this one."));
                }
                documents.add(document);
            } catch (MappingException refused) {
                faults.addAll(refused.faults());
            }
        }
        if (!faults.isEmpty()) {
            throw new MappingException(faults);
        }
        return List.copyOf(documents);
    }

    private static MappingException fault(String document, String reason) {
        return new MappingException(new MappingFault(document, "", reason));
    }

    private record Source(String name, String json) {}

    @FunctionalInterface
    private interface Finder {
        Source find(String record);
    }
}
