package org.cosellbridge.sync;

import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.referral.EngagementId;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * What is known of Microsoft's own referral in an engagement: whether and how help was asked for, and the id of the deal in
 * Microsoft's CRM once it accepted. Both may stand there only, and not on our referral of the same deal.
 *
 * @param engagement the engagement it shares with ours
 * @param referral its id
 * @param helpCode what help was asked for, in Partner Center's code; null: not known
 * @param crmId the deal's id in Microsoft's CRM; null before Microsoft accepts
 * @param state status and substatus, {@code New/Pending}
 */
record MicrosoftReferral(
        String engagement,
        ReferralId referral,
        @Nullable String helpCode,
        @Nullable String crmId,
        String state) {
    private static final String INVITE = "inviteContext";
    private static final String CODE = "assistanceRequestCode";
    private static final String TRACKING = "trackingInfo";
    private static final String CRM_ID = "microsoftMsxId";
    private static final String NO_HELP = "Unknown";

    /** What a referral of Microsoft's says. */
    static MicrosoftReferral of(Referral theirs) {
        return new MicrosoftReferral(
                theirs.findEngagementId().map(EngagementId::value).orElse(""),
                theirs.id(),
                text(theirs.view(), INVITE, CODE),
                text(theirs.view(), TRACKING, CRM_ID),
                theirs.state().text());
    }

    /** The same with this code where the referral itself shows none. */
    MicrosoftReferral askedFor(String code) {
        return helpCode != null ? this : new MicrosoftReferral(engagement, referral, code, crmId, state);
    }

    /** Our referral with what only Microsoft's shows. */
    RemoteRecord complete(RemoteRecord own) {
        JsonObject view = Referral.parse(own.values()).view();
        JsonObject completed =
                completed(completed(own.values(), view, INVITE, CODE, helpCode), view, TRACKING, CRM_ID, crmId);
        return completed == own.values()
                ? own
                : new RemoteRecord(own.ref(), own.version(), own.modifiedAt(), completed);
    }

    private static JsonObject completed(
            JsonObject document, JsonObject view, String group, String name, @Nullable String value) {
        if (value == null || text(view, group, name) != null) {
            return document;
        }
        JsonObjectBuilder inner = view.get(group) instanceof JsonObject there
                ? StoredJson.JSON.createObjectBuilder(there)
                : StoredJson.JSON.createObjectBuilder();
        JsonObjectBuilder outer = StoredJson.JSON.createObjectBuilder(document);
        document.keySet().stream().filter(group::equalsIgnoreCase).forEach(outer::remove);
        return outer.add(group, inner.add(name, value)).build();
    }

    /** The text under group and name; null when there is none, and for the code that means no help. */
    private static @Nullable String text(JsonObject view, String group, String name) {
        JsonValue value = view.get(group) instanceof JsonObject there ? there.get(name) : null;
        return value instanceof JsonString text
                        && !text.getString().isBlank()
                        && !text.getString().equalsIgnoreCase(NO_HELP)
                ? text.getString()
                : null;
    }
}
