package org.cosellbridge;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import jakarta.ws.rs.ApplicationPath;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.cosellbridge.webhook.SalesforceWebhookResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** What a Salesforce admin deploys is whole: every field, who may write it, and what is sent when. */
class SalesforceMetadataTest {
    private static final Path PROJECT = Path.of("server-config/salesforce");
    private static final Path APP = PROJECT.resolve("force-app/main/default");
    private static final String NAMESPACE = "http://soap.sforce.com/2006/04/metadata";
    private static final String ENDPOINT =
            "https://cosell.example.com/cosell/api/webhooks/salesforce/CONNECTION/SECRET";
    private static final String USER = "integration@example.com";

    /** The section: its fields by name, with the properties that matter; {@code sellers} is ours: whether they write it. */
    private static final Map<String, Map<String, String>> FIELDS = Map.of(
            "Sync_With_Partner_Center__c",
            Map.of("label", "Sync with Partner Center", "type", "Checkbox", "defaultValue", "false", "sellers", "true"),
            "Referral_Identifier__c",
            Map.of(
                    "label", "Referral Identifier",
                    "type", "Text",
                    "length", "100",
                    "externalId", "true",
                    "unique", "true",
                    "caseSensitive", "false",
                    "required", "false",
                    "sellers", "false"),
            "Referral_Link__c",
            Map.of("label", "Referral Link", "type", "Url", "required", "false", "sellers", "false"),
            "How_can_Microsoft_help__c",
            Map.of("label", "How can Microsoft help?", "type", "Picklist", "required", "false", "sellers", "true"),
            "Products__c",
            Map.of(
                    "label",
                    "Products",
                    "type",
                    "LongTextArea",
                    "length",
                    "32768",
                    "visibleLines",
                    "5",
                    "sellers",
                    "true"),
            "Visible_To_Microsoft__c",
            Map.of("label", "Visible to Microsoft", "type", "Checkbox", "defaultValue", "false", "sellers", "true"),
            "Microsoft_CRM_Identifier__c",
            Map.of(
                    "label", "Microsoft CRM Identifier",
                    "type", "Text",
                    "length", "100",
                    "unique", "false",
                    "sellers", "false"),
            "Referral_Program__c",
            Map.of("label", "Referral Program", "type", "Text", "length", "100", "unique", "false", "sellers", "false"),
            "Sync_Status__c",
            Map.of("label", "Sync Status", "type", "Text", "length", "255", "unique", "false", "sellers", "false"),
            "Audit__c",
            Map.of(
                    "label",
                    "Audit",
                    "type",
                    "LongTextArea",
                    "length",
                    "100000",
                    "visibleLines",
                    "4",
                    "sellers",
                    "false"));

    /** Partner Center's codes in the order of its choices, and their labels. */
    private static final List<String> HELP = List.of(
            "WorkloadSpecificValueProposition Workload specific value proposition",
            "CustomerTechnicalArchitecture Customer technical architecture",
            "ProofOfConceptOrDemo Proof of concept or demo",
            "QuotesOrLicensing Quotes or licensing",
            "PostSalesCustomerSuccess Post sales customer success",
            "GeneralOrOther General or other");

    // --- reading

    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(PROJECT)) {
            return files.filter(file -> file.toString().endsWith(".xml"))
                    .sorted()
                    .toList();
        }
    }

    private static Element parse(Path file) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setNamespaceAware(true);
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            return builder.parse(file.toFile()).getDocumentElement();
        } catch (ParserConfigurationException | SAXException | IOException unreadable) {
            throw new AssertionError(file + " cannot be read.", unreadable);
        }
    }

    private static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getLocalName().equals(name)) {
                found.add(element);
            }
        }
        return found;
    }

    private static Element child(Element parent, String... path) {
        Element at = parent;
        for (String name : path) {
            List<Element> found = children(at, name);
            assertThat(found).as(name + " of " + at.getLocalName()).hasSize(1);
            at = found.get(0);
        }
        return at;
    }

    private static String text(Element parent, String... path) {
        return child(parent, path).getTextContent().strip();
    }

    private static List<String> texts(Element parent, String name) {
        return children(parent, name).stream()
                .map(element -> element.getTextContent().strip())
                .toList();
    }

    // --- files

    @ParameterizedTest
    @MethodSource("files")
    void everyFileIsMetadataUnderItsOwnName(Path file) {
        Element root = parse(file);

        assertThat(root.getNamespaceURI()).isEqualTo(NAMESPACE);
        List<String> name = texts(root, "fullName");
        if (!name.isEmpty()) {
            assertThat(file.getFileName().toString()).startsWith(name.get(0) + ".");
        }
    }

    @Test
    void theProjectPointsToTheFilesAndFillsInWhatIsSecret() throws IOException {
        try (InputStream stream = Files.newInputStream(PROJECT.resolve("sfdx-project.json"));
                JsonReader reader = Json.createReader(stream)) {
            JsonObject project = reader.readObject();
            assertThat(project.getString("sourceApiVersion")).isEqualTo("67.0");
            assertThat(PROJECT.resolve(project.getJsonArray("packageDirectories")
                            .getJsonObject(0)
                            .getString("path")))
                    .isDirectory();
            Map<String, String> filled = new TreeMap<>();
            for (JsonValue replacement : project.getJsonArray("replacements")) {
                JsonObject one = replacement.asJsonObject();
                assertThat(one.getString("glob")).isEqualTo("force-app/main/default/workflows/*.workflow-meta.xml");
                filled.put(one.getString("replaceWithEnv"), one.getString("stringToReplace"));
            }
            assertThat(filled)
                    .containsExactly(
                            Map.entry("COSELL_ENDPOINT", ENDPOINT), Map.entry("COSELL_INTEGRATION_USER", USER));
        }
    }

    @Test
    void noFileHoldsAnAddressOrUserButThePlaceholders() throws IOException {
        Pattern address = Pattern.compile("https?://[^\\s<\"]+|[\\w.+-]+@[\\w-]+\\.[\\w.]+");
        for (Path file : files()) {
            assertThat(address.matcher(Files.readString(file)).results().map(found -> found.group()))
                    .as(file.toString())
                    .allMatch(found -> List.of(NAMESPACE, ENDPOINT, USER).contains(found));
        }
    }

    // --- fields

    @ParameterizedTest
    @ValueSource(strings = {"Opportunity", "Lead"})
    void theSectionIsWhole(String object) throws IOException {
        Path folder = APP.resolve("objects/" + object + "/fields");
        try (Stream<Path> fields = Files.list(folder)) {
            assertThat(fields.map(file -> file.getFileName().toString().replace(".field-meta.xml", "")))
                    .containsExactlyInAnyOrderElementsOf(FIELDS.keySet());
        }
        FIELDS.forEach((name, properties) -> {
            Element field = parse(folder.resolve(name + ".field-meta.xml"));
            properties.forEach((property, value) -> {
                if (!property.equals("sellers")) {
                    assertThat(text(field, property)).as(name + " " + property).isEqualTo(value);
                }
            });
            assertThat(text(field, "trackHistory")).isEqualTo("false");
            assertThat(text(field, "description")).isNotEmpty();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"Opportunity", "Lead"})
    void helpIsAskedForByPartnerCentersCodes(String object) {
        Element field = parse(APP.resolve("objects/" + object + "/fields/How_can_Microsoft_help__c.field-meta.xml"));
        Element values = child(field, "valueSet", "valueSetDefinition");

        assertThat(text(field, "valueSet", "restricted")).isEqualTo("true");
        assertThat(children(values, "value"))
                .extracting(value -> text(value, "fullName") + " " + text(value, "label"))
                .isEqualTo(HELP);
        assertThat(children(values, "value"))
                .extracting(value -> text(value, "default"))
                .containsOnly("false");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Opportunity", "Lead"})
    void theListViewShowsTheSyncStatus(String object) {
        Element view = parse(APP.resolve("objects/" + object + "/listViews/Partner_Center.listView-meta.xml"));

        assertThat(texts(view, "columns")).contains("Sync_Status__c");
        assertThat(text(view, "filters", "field")).isEqualTo("Sync_With_Partner_Center__c");
        assertThat(text(view, "filters", "value")).isEqualTo("1");
    }

    // --- who may do what

    private static Map<String, String> editable(String permissionSet) {
        Map<String, String> editable = new TreeMap<>();
        for (Element permission : children(
                parse(APP.resolve("permissionsets/" + permissionSet + ".permissionset-meta.xml")),
                "fieldPermissions")) {
            assertThat(text(permission, "readable")).isEqualTo("true");
            assertThat(editable.put(text(permission, "field"), text(permission, "editable")))
                    .as(text(permission, "field") + " twice")
                    .isNull();
        }
        return editable;
    }

    @Test
    void theIntegrationUserMayWriteEveryFieldAndDeleteNothing() {
        Map<String, String> editable = editable("Cosell_Bridge_Integration");
        for (String object : List.of("Opportunity", "Lead")) {
            assertThat(FIELDS.keySet())
                    .allSatisfy(name -> assertThat(editable).containsEntry(object + "." + name, "true"));
        }
        Element set = parse(APP.resolve("permissionsets/Cosell_Bridge_Integration.permissionset-meta.xml"));
        assertThat(children(set, "objectPermissions"))
                .extracting(permission -> text(permission, "object"))
                .containsExactly("Account", "Contact", "Lead", "Opportunity");
        assertThat(children(set, "objectPermissions")).allSatisfy(permission -> {
            assertThat(text(permission, "allowDelete")).isEqualTo("false");
            assertThat(text(permission, "modifyAllRecords")).isEqualTo("false");
            assertThat(text(permission, "viewAllRecords")).isEqualTo("true");
        });
        assertThat(children(set, "userPermissions"))
                .extracting(permission -> text(permission, "name"))
                .containsExactly("ApiEnabled");
    }

    @Test
    void sellersWriteTheirFieldsAndReadOurs() {
        Map<String, String> expected = new TreeMap<>();
        for (String object : List.of("Opportunity", "Lead")) {
            FIELDS.forEach((name, properties) -> expected.put(object + "." + name, properties.get("sellers")));
        }

        assertThat(editable("Cosell_Bridge_Seller")).isEqualTo(expected);
        assertThat(children(
                        parse(APP.resolve("permissionsets/Cosell_Bridge_Seller.permissionset-meta.xml")),
                        "objectPermissions"))
                .isEmpty();
    }

    @Test
    void theSectionOfTheLayoutShowsEveryField() {
        Map<String, String> behaviors = new TreeMap<>();
        for (Element column : children(parse(PROJECT.resolve("partner-center-section.xml")), "layoutColumns")) {
            children(column, "layoutItems").forEach(item -> behaviors.put(text(item, "field"), text(item, "behavior")));
        }
        Map<String, String> expected = new TreeMap<>();
        FIELDS.forEach((name, properties) ->
                expected.put(name, "true".equals(properties.get("sellers")) ? "Edit" : "Readonly"));

        assertThat(behaviors).isEqualTo(expected);
    }

    // --- what is sent

    @ParameterizedTest
    @ValueSource(strings = {"Opportunity", "Lead"})
    void theFlowSendsTheMessageOfItsObjectAlsoWhenTheSyncIsSwitchedOff(String object) {
        Element message = child(parse(APP.resolve("workflows/" + object + ".workflow-meta.xml")), "outboundMessages");
        Element flow = parse(APP.resolve("flows/PC_Sync_" + object + ".flow-meta.xml"));
        Element action = child(flow, "actionCalls");
        Element start = child(flow, "start");

        assertThat(text(action, "actionType")).isEqualTo("outboundMessage");
        assertThat(text(action, "actionName")).isEqualTo(object + "." + text(message, "fullName"));
        assertThat(text(action, "inputParameters", "name")).isEqualTo("SObjectRowId");
        assertThat(text(action, "inputParameters", "value", "elementReference")).isEqualTo("$Record.Id");
        assertThat(text(start, "connector", "targetReference")).isEqualTo(text(action, "name"));
        assertThat(text(start, "object")).isEqualTo(object);
        assertThat(text(start, "recordTriggerType")).isEqualTo("CreateAndUpdate");
        assertThat(text(start, "triggerType")).isEqualTo("RecordAfterSave");
        assertThat(text(start, "filterLogic")).isEqualTo("or");
        assertThat(children(start, "filters"))
                .extracting(filter -> text(filter, "field") + " " + text(filter, "operator") + " "
                        + text(filter, "value", "booleanValue"))
                .containsExactly("Sync_With_Partner_Center__c EqualTo true", "Referral_Identifier__c IsNull false");
        assertThat(text(flow, "processType")).isEqualTo("AutoLaunchedFlow");
        assertThat(text(flow, "status")).isEqualTo("Active");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Opportunity", "Lead"})
    void theMessageGoesToTheReceiverWithoutSessionAndValues(String object) {
        Element message = child(parse(APP.resolve("workflows/" + object + ".workflow-meta.xml")), "outboundMessages");
        String template =
                CosellApplication.class.getAnnotation(ApplicationPath.class).value() + "/"
                        + SalesforceWebhookResource.class
                                .getAnnotation(jakarta.ws.rs.Path.class)
                                .value();

        assertThat(text(message, "fullName")).isEqualTo("PC_Sync_" + object);
        assertThat(text(message, "includeSessionId")).isEqualTo("false");
        assertThat(text(message, "endpointUrl")).isEqualTo(ENDPOINT);
        assertThat(URI.create(ENDPOINT).getPath())
                .endsWith(template.replace("{connection}", "CONNECTION").replace("{secret}", "SECRET"));
        assertThat(text(message, "integrationUser")).isEqualTo(USER);
        assertThat(texts(message, "fields"))
                .containsExactly(
                        "Id",
                        "LastModifiedById",
                        "LastModifiedDate",
                        "Referral_Identifier__c",
                        "Sync_With_Partner_Center__c");
    }
}
