package org.cosellbridge.webhook;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.util.Locale;
import org.cosellbridge.platform.Problem;

/** Why a request to a receiver was refused: the closed list of reasons that the trail counts. The sender learns only the status. */
enum Refusal {
    /** The body is longer than the receiver takes, or says it is. */
    TOO_LARGE(Status.REQUEST_ENTITY_TOO_LARGE),
    /** The content type is not the one that the receiver reads. */
    WRONG_TYPE(Status.UNSUPPORTED_MEDIA_TYPE),
    /** The body was cut off or came too slowly. */
    BODY_INCOMPLETE(Status.BAD_REQUEST),
    /** A header that the verification needs is missing or was sent twice. */
    HEADERS_MALFORMED(Status.BAD_REQUEST),
    /** There is no signature header. */
    SIGNATURE_MISSING(Status.UNAUTHORIZED),
    /** The signature header has no {@code Signature} scheme or no Base64. */
    SIGNATURE_MALFORMED(Status.UNAUTHORIZED),
    /** The algorithm is not RSA with SHA-256, SHA-384 or SHA-512. */
    ALGORITHM_NOT_ALLOWED(Status.UNAUTHORIZED),
    /** The certificate's URL points to a place that is not listed, or is no plain URL. */
    CERTIFICATE_HOST_NOT_ALLOWED(Status.UNAUTHORIZED),
    /** The certificate could not be fetched or read, now or within the last minute. */
    CERTIFICATE_NOT_FETCHED(Status.UNAUTHORIZED),
    /** Too many certificates that were never seen before were asked for within one minute. */
    FETCH_BUDGET_SPENT(Status.UNAUTHORIZED),
    /** The organisation in the issuer's name is not Microsoft Corporation. */
    ISSUER_NOT_ALLOWED(Status.UNAUTHORIZED),
    /** The subject's common name is not {@code cosell.webhook.certificate-subject}. */
    SUBJECT_NOT_ALLOWED(Status.UNAUTHORIZED),
    /** The certificate is not valid yet or not any more. */
    CERTIFICATE_NOT_VALID(Status.UNAUTHORIZED),
    /** The certificate's key is not RSA or shorter than 2048 bits. */
    KEY_TOO_WEAK(Status.UNAUTHORIZED),
    /** No path leads from the certificate to a trusted root. */
    CHAIN_NOT_TRUSTED(Status.UNAUTHORIZED),
    /** The signature does not belong to this body and certificate. */
    SIGNATURE_WRONG(Status.UNAUTHORIZED),
    /** The address names no connection to a CRM of the receiver's kind. */
    CONNECTION_UNKNOWN(Status.UNAUTHORIZED),
    /** The connection has no {@code webhook-secret}, so nothing can prove itself to its receiver. */
    SECRET_NOT_SET(Status.UNAUTHORIZED),
    /** There is no shared secret, neither in the header nor in the query. */
    SECRET_MISSING(Status.UNAUTHORIZED),
    /** The shared secret is none of the connection's, or several were sent. */
    SECRET_WRONG(Status.UNAUTHORIZED),
    /** The client certificate of the TLS connection is missing or not the one of {@code webhook-client-subject}. */
    CLIENT_CERTIFICATE_WRONG(Status.UNAUTHORIZED),
    /** The organisation in the body is not the connection's {@code organization-id}. */
    ORGANIZATION_WRONG(Status.UNAUTHORIZED),
    /** The body was sent by a known sender but is no event that can be read. */
    EVENT_MALFORMED(Status.BAD_REQUEST);

    private final Status status;

    Refusal(Status status) {
        this.status = status;
    }

    /** The word the trail counts it under, such as {@code too-large}. */
    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The problem document; the same text for all reasons of one status, so that it is no oracle. */
    Response response() {
        return problem().response();
    }

    /** See {@link #response}. */
    Problem problem() {
        return Problem.of(status, detail());
    }

    private String detail() {
        return switch (status) {
            case REQUEST_ENTITY_TOO_LARGE -> "The body is too large.";
            case UNSUPPORTED_MEDIA_TYPE -> "A body of this type is not read here.";
            case UNAUTHORIZED -> "The request does not prove that it comes from a sender known here.";
            default -> "The request cannot be read.";
        };
    }
}
