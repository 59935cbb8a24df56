package org.cosellbridge.webhook;

import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads the SOAP 1.1 envelope of an outbound message (SOAP API Developer Guide, "Outbound Messaging"). A document type, a processing
 * instruction, an entity that XML itself does not define and deep nesting are refused, so nothing outside the body is ever read and
 * nothing in it grows. Elements that are not known are passed over, whatever they hold: new ones, the fields of the record, and the
 * session id that an admin may have switched on.
 */
final class SalesforceMessageReader {
    private static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    private static final String OUTBOUND = "http://soap.sforce.com/2005/09/outbound";
    private static final String OBJECT = "urn:sobject.enterprise.soap.sforce.com";

    /** Deeper than any real message, whose fields stand six deep. */
    private static final int DEEPEST = 32;

    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,79}");

    private final XMLStreamReader xml;
    private int depth;

    private SalesforceMessageReader(XMLStreamReader xml) {
        this.xml = xml;
    }

    static SalesforceMessage read(byte[] body) throws RefusedException {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder() // reports what is no UTF-8 instead of replacing it
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            String plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
            XMLStreamReader xml = factory().createXMLStreamReader(new StringReader(plain));
            try {
                return new SalesforceMessageReader(xml).document();
            } finally {
                xml.close();
            }
        } catch (CharacterCodingException | XMLStreamException | RuntimeException notAMessage) {
            throw malformed(); // what is odd enough is no XMLStreamException everywhere
        }
    }

    /** The factory of the Java runtime, whose switches are known; not whatever a server brings. */
    private static XMLInputFactory factory() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        factory.setXMLResolver((publicId, systemId, baseUri, namespace) -> {
            throw new XMLStreamException("Nothing outside the body is read.");
        });
        return factory;
    }

    private SalesforceMessage document() throws XMLStreamException, RefusedException {
        while (next() != XMLStreamConstants.START_ELEMENT) {
            // the prolog
        }
        require(is(SOAP, "Envelope"));
        @Nullable SalesforceMessage message = null;
        while (child()) {
            if (is(SOAP, "Body")) {
                require(message == null);
                message = soapBody();
            } else {
                skip();
            }
        }
        while (xml.hasNext()) {
            next();
        }
        return given(message);
    }

    private SalesforceMessage soapBody() throws XMLStreamException, RefusedException {
        require(child() && is(OUTBOUND, "notifications"));
        SalesforceMessage message = notifications();
        require(!child());
        return message;
    }

    private SalesforceMessage notifications() throws XMLStreamException, RefusedException {
        @Nullable String organization = null;
        @Nullable String object = null;
        List<SalesforceMessage.Notification> notifications = new ArrayList<>();
        while (child()) {
            if (is(OUTBOUND, "OrganizationId")) {
                require(organization == null);
                organization = text();
            } else if (is(OUTBOUND, "Notification")) {
                require(notifications.size() < SalesforceMessage.MOST_NOTIFICATIONS);
                Entry entry = notification();
                require(object == null || object.equals(entry.object));
                object = entry.object;
                notifications.add(entry.notification);
            } else {
                skip();
            }
        }
        return new SalesforceMessage(
                SalesforceId.parse(given(organization).strip()).orElse(null), given(object), notifications);
    }

    private Entry notification() throws XMLStreamException, RefusedException {
        @Nullable SalesforceId id = null;
        @Nullable Row row = null;
        while (child()) {
            if (is(OUTBOUND, "Id")) {
                require(id == null);
                id = id();
            } else if (is(OUTBOUND, "sObject")) {
                require(row == null);
                row = row();
            } else {
                skip();
            }
        }
        Row found = given(row);
        return new Entry(found.object, new SalesforceMessage.Notification(given(id), found.id, found.modified));
    }

    private Row row() throws XMLStreamException, RefusedException {
        String object = objectName();
        @Nullable SalesforceId id = null;
        @Nullable String modified = null;
        while (child()) {
            if (is(OBJECT, "Id")) {
                require(id == null);
                id = id();
            } else if (is(OBJECT, "LastModifiedDate")) {
                require(modified == null);
                modified = text();
            } else {
                skip();
            }
        }
        return new Row(object, given(id), modified == null ? "" : modified);
    }

    /** The local part of {@code xsi:type}, whose prefix may be any that stands for the namespace of objects. */
    private String objectName() throws RefusedException {
        String type = given(xml.getAttributeValue(XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI, "type"))
                .strip();
        int colon = type.indexOf(':');
        String prefix = colon < 0 ? "" : type.substring(0, colon);
        String name = type.substring(colon + 1);
        require(OBJECT.equals(xml.getNamespaceURI(prefix)) && NAME.matcher(name).matches());
        return name;
    }

    private SalesforceId id() throws XMLStreamException, RefusedException {
        Optional<SalesforceId> id = SalesforceId.parse(text().strip());
        return id.orElseThrow(SalesforceMessageReader::malformed);
    }

    /** The text of the element read last, up to its end. */
    private String text() throws XMLStreamException, RefusedException {
        StringBuilder text = new StringBuilder();
        for (int event = next(); event != XMLStreamConstants.END_ELEMENT; event = next()) {
            require(event != XMLStreamConstants.START_ELEMENT);
            if (xml.hasText() && event != XMLStreamConstants.COMMENT) {
                text.append(xml.getText());
            }
        }
        return text.toString();
    }

    /** Goes to the next child of the element whose children are being read; to that element's end when there is none. */
    private boolean child() throws XMLStreamException, RefusedException {
        int event = next();
        while (event != XMLStreamConstants.START_ELEMENT && event != XMLStreamConstants.END_ELEMENT) {
            event = next();
        }
        return event == XMLStreamConstants.START_ELEMENT;
    }

    /** Goes to the end of the element read last. */
    private void skip() throws XMLStreamException, RefusedException {
        int end = depth - 1;
        while (depth > end) {
            next();
        }
    }

    private int next() throws XMLStreamException, RefusedException {
        int event = xml.next();
        switch (event) {
            case XMLStreamConstants.START_ELEMENT -> {
                depth++;
                require(depth <= DEEPEST);
            }
            case XMLStreamConstants.END_ELEMENT -> depth--;
            case XMLStreamConstants.DTD,
                    XMLStreamConstants.ENTITY_REFERENCE,
                    XMLStreamConstants.PROCESSING_INSTRUCTION -> throw malformed();
            default -> {
                // text, or of no interest
            }
        }
        return event;
    }

    private boolean is(String namespace, String name) {
        return name.equals(xml.getLocalName()) && namespace.equals(xml.getNamespaceURI());
    }

    private static <T> T given(@Nullable T value) throws RefusedException {
        if (value == null) {
            throw malformed();
        }
        return value;
    }

    private static void require(boolean right) throws RefusedException {
        if (!right) {
            throw malformed();
        }
    }

    private static RefusedException malformed() {
        return new RefusedException(Refusal.EVENT_MALFORMED);
    }

    private record Entry(String object, SalesforceMessage.Notification notification) {}

    private record Row(String object, SalesforceId id, String modified) {}
}
