package org.cosellbridge.webhook;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.cosellbridge.platform.Problem;

/** How a request to the receiver ended, and what the sender is told. */
sealed interface Answer {
    /** What the sender is told. */
    Response response();

    /** The delivery is stored, now or from before: the sender need not send it again. */
    record Taken() implements Answer {
        @Override
        public Response response() {
            return Response.ok().build();
        }
    }

    /** The same for a Salesforce, which takes nothing but this SOAP message for a success; any other answer makes it repeat itself. */
    record Acknowledged() implements Answer {
        private static final String ACK = """
                <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
                <notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>
                </soapenv:Body></soapenv:Envelope>""";

        @Override
        public Response response() {
            return Response.ok(ACK, MediaType.TEXT_XML_TYPE).build();
        }
    }

    /**
     * The request was refused.
     *
     * @param refusal why
     */
    record Refused(Refusal refusal) implements Answer {
        @Override
        public Response response() {
            return refusal.response();
        }
    }

    /** It could not be stored: the sender should send it again. */
    record NotStored() implements Answer {
        @Override
        public Response response() {
            return Response.fromResponse(Problem.of(
                                    Response.Status.SERVICE_UNAVAILABLE,
                                    "The delivery could not be stored. Send it again.")
                            .response())
                    .header(HttpHeaders.RETRY_AFTER, 10)
                    .build();
        }
    }
}
