package org.cosellbridge.simulator;

import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.cosellbridge.simulator.SalesforceOutboundMessages.Definition;
import org.cosellbridge.simulator.SalesforceOutboundMessages.Notification;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.ErrorHandler;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/** The XML of outbound messages and of their acknowledgement. */
final class SalesforceSoap {
    /** The receiver says in so many words that it did not take the message. */
    static final String NO = "Ack is false";

    private static final String ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";
    private static final String OUTBOUND = "http://soap.sforce.com/2005/09/outbound";
    private static final int OK = 200;
    private static final int SHORT_ID = 15;

    private final SalesforceStore store;
    private final String organizationId;
    private final URI instance;

    SalesforceSoap(SalesforceStore store, String organizationId, URI instance) {
        this.store = store;
        this.organizationId = organizationId;
        this.instance = instance;
    }

    /** A message with the records' present values; empty when none of them is left. */
    Optional<String> envelope(Definition definition, List<Notification> notifications, String otherOrganization) {
        StringBuilder told = new StringBuilder();
        for (Notification notification : notifications) {
            store.find(definition.entity(), notification.recordId())
                    .filter(record -> !record.isDeleted())
                    .ifPresent(record -> told.append(notification(definition, notification, record)));
        }
        if (told.isEmpty()) {
            return Optional.empty();
        }
        String organization = otherOrganization.isEmpty() ? organizationId : otherOrganization;
        String place = "/67.0/" + organization.substring(0, Math.min(SHORT_ID, organization.length()));
        return Optional.of("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"" + ENVELOPE
                + "\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
                + " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n <soapenv:Body>\n"
                + "  <notifications xmlns=\"" + OUTBOUND + "\">\n"
                + element("   ", "OrganizationId", organization)
                + element("   ", "ActionId", definition.actionId())
                + "   <SessionId xsi:nil=\"true\"/>\n"
                + element("   ", "EnterpriseUrl", instance + "/services/Soap/c" + place)
                + element("   ", "PartnerUrl", instance + "/services/Soap/u" + place)
                + told
                + "  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n");
    }

    private static String notification(Definition definition, Notification notification, SalesforceRecord record) {
        StringBuilder fields = new StringBuilder(element("     ", "sf:Id", record.id()));
        for (String field : definition.fields()) {
            JsonValue value = record.value(field);
            // empty fields are left out
            if (value != JsonValue.NULL && !field.equals("Id")) {
                String text = value instanceof JsonString string ? string.getString() : value.toString();
                boolean time = definition.entity().get(field).kind() == SalesforceSchema.Kind.DATETIME;
                fields.append(element("     ", "sf:" + field, time ? text.replace("+0000", "Z") : text));
            }
        }
        return "   <Notification>\n" + element("    ", "Id", notification.id())
                + "    <sObject xsi:type=\"sf:" + definition.entity().name()
                + "\" xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\">\n" + fields
                + "    </sObject>\n   </Notification>\n";
    }

    private static String element(String indent, String name, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        return indent + "<" + name + ">" + escaped + "</" + name + ">\n";
    }

    /** Why an answer is no acknowledgement; empty when it is one. */
    static String problem(int status, String contentType, byte[] body) {
        if (status != OK) {
            return "status " + status;
        }
        if (!contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("text/xml")) {
            return "content type " + contentType;
        }
        try {
            return problem(parser().parse(new ByteArrayInputStream(body)).getDocumentElement());
        } catch (SAXException | IOException malformed) {
            return "no XML";
        }
    }

    private static String problem(Element envelope) {
        if (!is(envelope, ENVELOPE, "Envelope")) {
            return "no SOAP envelope";
        }
        List<Element> parts = children(envelope);
        if (parts.size() != 1 || !is(parts.get(0), ENVELOPE, "Body")) {
            return "the envelope has not exactly a Body";
        }
        List<Element> inBody = children(parts.get(0));
        if (inBody.size() != 1 || !is(inBody.get(0), OUTBOUND, "notificationsResponse")) {
            return "the Body has not exactly a notificationsResponse";
        }
        List<Element> acks = children(inBody.get(0));
        if (acks.size() != 1 || !is(acks.get(0), OUTBOUND, "Ack")) {
            return "the notificationsResponse has not exactly an Ack";
        }
        return switch (acks.get(0).getTextContent()) {
            case "true" -> "";
            case "false" -> NO;
            default -> "Ack is neither true nor false";
        };
    }

    private static boolean is(Element element, String namespace, String name) {
        return namespace.equals(element.getNamespaceURI()) && name.equals(element.getLocalName());
    }

    private static List<Element> children(Element parent) {
        List<Element> children = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                children.add(element);
            }
        }
        return children;
    }

    private static DocumentBuilder parser() {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        try {
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(new Strict());
            return builder;
        } catch (ParserConfigurationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Without it the parser prints what it does not understand. */
    private static final class Strict implements ErrorHandler {
        @Override
        public void warning(SAXParseException exception) throws SAXException {
            throw exception;
        }

        @Override
        public void error(SAXParseException exception) throws SAXException {
            throw exception;
        }

        @Override
        public void fatalError(SAXParseException exception) throws SAXException {
            throw exception;
        }
    }
}
