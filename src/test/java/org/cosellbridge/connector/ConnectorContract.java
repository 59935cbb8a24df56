package org.cosellbridge.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every connector that reads and writes records keeps, whatever the system behind it. A connector's test implements this
 * against its simulator: a fresh simulator, a fresh connector over the real outbound client and fresh tokens for every test.
 */
public interface ConnectorContract {
    /** The connector under test; it implements {@link ReadsRecords} and {@link WritesRecords}. The same object within one test. */
    Connector connector();

    /** The shape of the records of this test. */
    RecordShape shape();

    /** Puts a record into the system and answers its id. */
    String givenRecord();

    /** The value of the referral key of a record made by {@link #givenRecord}; the id itself at Partner Center. */
    String referralIdOf(String id);

    /** Field values that single out a record made by {@link #givenRecord}. */
    Map<String, JsonValue> matchOf(String id);

    /** The id of a record that the system does not hold. */
    String absentId();

    /** A change that the system accepts on a record made by {@link #givenRecord}; one or more fields. */
    Map<String, JsonValue> change();

    /** The value a record holds under a field name as {@link #change} spells it. */
    @Nullable
    JsonValue valueOf(RemoteRecord record, String field);

    /** Somebody else edits the record. */
    void changedByAnother(String id);

    /** The system answers its next call so and does nothing; sign-ins are not meant. */
    void answerNext(int status, @Nullable Duration retryAfter);

    /** The system cuts the connection of so many next calls before it does anything; 0 ends it. */
    void cutNext(int calls);

    /** From now on the authority refuses the credentials, and the system refuses every token given so far. */
    void revokeCredentials();

    /** The credentials hold again. */
    void restoreCredentials();

    /** How many calls reached the system so far; sign-ins are not counted. */
    int calls();

    /** What the simulator saw of calls that the vendor does not document. */
    List<String> brokenRules();

    /** The context of the calls. */
    default CallContext call() {
        return CallContext.unguarded("019a9d5e-7d2b-7c11-8a54-6f1d2c3b4a59", Priority.EVENT);
    }

    private ReadsRecords reads() {
        return (ReadsRecords) connector();
    }

    private WritesRecords writes() {
        return (WritesRecords) connector();
    }

    private RemoteRecord read(String id) {
        return reads().findRecord(call(), shape(), id).orElseThrow();
    }

    @AfterEach
    default void breaksNoRuleOfTheSystem() {
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    default void readsARecordWithItsVersion() {
        String id = givenRecord();

        RemoteRecord record = read(id);

        assertThat(record.ref()).isEqualTo(new RecordRef(shape().kind(), id));
        assertThat(record.version()).isNotBlank();
        assertThat(record.modifiedAt()).isAfter(Instant.EPOCH);
    }

    @Test
    default void findsNothingWhereThereIsNoRecord() {
        assertThat(reads().findRecord(call(), shape(), absentId())).isEmpty();
    }

    @Test
    default void findsARecordByItsReferral() {
        String id = givenRecord();

        assertThat(reads().findByReferralKey(call(), shape(), referralIdOf(id)))
                .map(RemoteRecord::ref)
                .contains(new RecordRef(shape().kind(), id));
        assertThat(reads().findByReferralKey(call(), shape(), absentId())).isEmpty();
    }

    @Test
    default void listsWhatMatches() {
        String id = givenRecord();
        givenRecord();

        assertThat(reads().listMatching(call(), shape(), matchOf(id), 10))
                .extracting(record -> record.ref().id())
                .containsExactly(id);
    }

    @Test
    default void answersTheRecordAsItIsAfterAWrite() {
        RemoteRecord before = read(givenRecord());

        RemoteRecord after = writes().updateRecord(call(), shape(), before, change());

        assertThat(after.version()).isNotEqualTo(before.version());
        change().forEach((field, value) ->
                assertThat(valueOf(after, field)).as(field).isEqualTo(value));
        assertThat(read(before.ref().id())).isEqualTo(after);
    }

    @Test
    default void writesNothingOverAnEditThatWasNotRead() {
        RemoteRecord before = read(givenRecord());
        changedByAnother(before.ref().id());
        RemoteRecord theirs = read(before.ref().id());

        StalePreconditionException refused = catchThrowableOfType(
                StalePreconditionException.class, () -> writes().updateRecord(call(), shape(), before, change()));

        assertThat(refused).isNotNull();
        assertThat(refused.system()).isEqualTo(connector().system());
        assertThat(read(before.ref().id())).isEqualTo(theirs);
    }

    @Test
    default void neverCreatesARecordByWritingOneThatIsGone() {
        RemoteRecord held = read(givenRecord());
        RecordRef goneRef = new RecordRef(shape().kind(), absentId());
        RemoteRecord gone = new RemoteRecord(goneRef, held.version(), held.modifiedAt(), held.values());

        RecordGoneException refused = catchThrowableOfType(
                RecordGoneException.class, () -> writes().updateRecord(call(), shape(), gone, change()));

        assertThat(refused).isNotNull();
        assertThat(refused.ref()).isEqualTo(goneRef);
        assertThat(reads().findRecord(call(), shape(), absentId())).isEmpty();
    }

    @Test
    default void callsNobodyBeforeRetryAfterHasPassed() {
        String id = givenRecord();
        read(id);
        Instant asked = Instant.now();
        answerNext(429, Duration.ofSeconds(30));

        RetryableException throttled = catchThrowableOfType(RetryableException.class, () -> read(id));
        int calls = calls();
        RetryableException held = catchThrowableOfType(RetryableException.class, () -> read(id));

        assertThat(throttled.systemWide()).isTrue();
        assertThat(throttled.notBefore().orElseThrow()).isAfterOrEqualTo(asked.plusSeconds(29));
        assertThat(held.systemWide()).isTrue();
        assertThat(held.notBefore().orElseThrow()).isAfterOrEqualTo(asked.plusSeconds(29));
        assertThat(calls()).as("calls during the pause").isEqualTo(calls);
    }

    @Test
    default void anInternalErrorOfTheSystemIsRetryableAndConcernsThisCallOnly() {
        String id = givenRecord();
        answerNext(500, null);

        RetryableException failed = catchThrowableOfType(RetryableException.class, () -> read(id));

        assertThat(failed).isNotNull();
        assertThat(failed.systemWide()).isFalse();
        assertThat(read(id).ref().id()).isEqualTo(id);
    }

    @Test
    default void aCutConnectionIsRetryable() {
        RemoteRecord before = read(givenRecord());
        cutNext(50);

        RetryableException whileWriting = catchThrowableOfType(
                RetryableException.class, () -> writes().updateRecord(call(), shape(), before, change()));
        RetryableException whileReading = catchThrowableOfType(
                RetryableException.class, () -> read(before.ref().id()));
        cutNext(0);

        assertThat(whileWriting).isNotNull();
        assertThat(whileWriting.systemWide()).isTrue();
        assertThat(whileReading).isNotNull();
        assertThat(read(before.ref().id())).isEqualTo(before);
    }

    @Test
    default void revokedCredentialsAreAMatterOfTheSetUpUntilTheyHoldAgain() {
        String id = givenRecord();
        read(id);
        revokeCredentials();

        SetupException refused = catchThrowableOfType(SetupException.class, () -> read(id));
        restoreCredentials();

        assertThat(refused).isNotNull();
        assertThat(refused.system()).isEqualTo(connector().system());
        assertThat(read(id).ref().id()).isEqualTo(id);
    }

    @Test
    default void asksTheGuardBeforeItCalls() {
        String id = givenRecord();
        CallContext lost = new CallContext(call().correlationId(), Priority.EVENT, () -> {
            throw new LeaseLostException("The lease is lost.");
        });
        int calls = calls();

        LeaseLostException stopped =
                catchThrowableOfType(LeaseLostException.class, () -> reads().findRecord(lost, shape(), id));

        assertThat(stopped).isNotNull();
        assertThat(calls()).isEqualTo(calls);
    }
}
