package org.cosellbridge.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every connector that tells changes keeps beside {@link ConnectorContract}, whatever the system behind it. */
public interface DetectsChangesContract extends ConnectorContract {
    /** Somebody else closes the record. */
    void closedByAnother(String id);

    /** Somebody else deletes the record. */
    void deletedByAnother(String id);

    /** The system knows none of the sync tokens any more that it gave out so far. */
    void expireTokens();

    /** The shape of this test with one field less. */
    RecordShape shapeWithFewerFields();

    /** At most so many changes stand on one page. */
    int pageSize();

    /** A walk to its end. */
    record Walk(List<RecordChange> items, String token, int pages) {
        /** The only change of this record; a record must not be told twice. */
        public RecordChange only(String id) {
            List<RecordChange> found =
                    items.stream().filter(item -> item.ref().id().equals(id)).toList();
            assertThat(found).as("changes of " + id).hasSize(1);
            return found.get(0);
        }
    }

    /** Walks from the beginning, or from a token. */
    default Walk walk(@Nullable String token) {
        DetectsChanges feed = (DetectsChanges) connector();
        List<RecordChange> items = new ArrayList<>();
        String cursor = token;
        int pages = 0;
        while (true) {
            Changes page = feed.listChanges(call(), shape(), cursor);
            items.addAll(page.items());
            pages++;
            if (page.next() == null) {
                return new Walk(items, Objects.requireNonNull(page.token()), pages);
            }
            assertThat(page.token()).as("token before the last page").isNull();
            cursor = page.next();
        }
    }

    private RemoteRecord readRecord(String id) {
        return ((ReadsRecords) connector()).findRecord(call(), shape(), id).orElseThrow();
    }

    private void assertAsRead(RecordChange change) {
        RemoteRecord read = readRecord(change.ref().id());
        assertThat(change).isEqualTo(new RecordChange(read.ref(), false, read.version(), read.values()));
    }

    @Test
    default void aWalkFromTheBeginningTellsEveryRecordAsItIsRead() {
        String one = givenRecord();
        String other = givenRecord();

        Walk walk = walk(null);

        assertThat(walk.items()).extracting(item -> item.ref().id()).containsExactlyInAnyOrder(one, other);
        walk.items().forEach(this::assertAsRead);
    }

    @Test
    default void tellsNothingWhereNothingChanged() {
        givenRecord();
        String token = walk(null).token();

        Walk quiet = walk(token);

        assertThat(quiet.items()).isEmpty();
        assertThat(walk(quiet.token()).items()).isEmpty();
    }

    @Test
    default void tellsWhatIsNewAndWhatWasEditedAsItIsNow() {
        String edited = givenRecord();
        String untouched = givenRecord();
        String token = walk(null).token();
        String created = givenRecord();
        changedByAnother(edited);
        changedByAnother(created);

        Walk walk = walk(token);

        assertThat(walk.items())
                .extracting(item -> item.ref().id())
                .containsExactlyInAnyOrder(edited, created)
                .doesNotContain(untouched);
        assertAsRead(walk.only(edited));
        assertAsRead(walk.only(created));
    }

    @Test
    default void tellsWhatWasClosed() {
        String id = givenRecord();
        String token = walk(null).token();
        closedByAnother(id);

        assertAsRead(walk(token).only(id));
    }

    @Test
    default void tellsWhatWasDeletedByItsIdAlone() {
        String id = givenRecord();
        givenRecord();
        String token = walk(null).token();
        changedByAnother(id);
        deletedByAnother(id);

        assertThat(walk(token).items())
                .containsExactly(
                        new RecordChange(new RecordRef(shape().kind(), id), true, "", JsonValue.EMPTY_JSON_OBJECT));
    }

    @Test
    default void aRecordThatCameAndWentIsNeverToldAsPresent() {
        givenRecord();
        String token = walk(null).token();
        String id = givenRecord();
        deletedByAnother(id);

        assertThat(walk(token).items()).allMatch(RecordChange::deleted);
        assertThat(walk(null).items()).noneMatch(item -> item.ref().id().equals(id));
    }

    @Test
    default void goesOnFromAnyKeptToken() {
        String first = givenRecord();
        String start = walk(null).token();
        changedByAnother(first);
        Walk earlier = walk(start);
        String second = givenRecord();

        assertThat(walk(earlier.token()).items())
                .extracting(item -> item.ref().id())
                .containsExactly(second);
        // whoever could not take care of a walk takes it again
        assertThat(walk(start).items()).extracting(item -> item.ref().id()).containsExactlyInAnyOrder(first, second);
    }

    @Test
    default void tellsManyChangesPageByPageAndEachOnce() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i <= pageSize(); i++) {
            ids.add(givenRecord());
        }

        Walk all = walk(null);
        ids.forEach(this::changedByAnother);
        Walk changed = walk(all.token());

        for (Walk walk : List.of(all, changed)) {
            assertThat(walk.pages()).isEqualTo(2);
            assertThat(walk.items()).extracting(item -> item.ref().id()).containsExactlyInAnyOrderElementsOf(ids);
        }
        assertThat(walk(changed.token()).items()).isEmpty();
    }

    @Test
    default void anExpiredTokenAsksForAWalkFromTheBeginning() {
        String id = givenRecord();
        String token = walk(null).token();
        expireTokens();

        SyncTokenExpiredException expired = catchThrowableOfType(SyncTokenExpiredException.class, () -> walk(token));

        assertThat(expired).isNotNull();
        assertThat(expired.system()).isEqualTo(connector().system());
        Walk again = walk(null);
        assertAsRead(again.only(id));
        assertThat(walk(again.token()).items()).isEmpty();
    }

    @Test
    default void aTokenIsGoodForOneListOfFieldsOnly() {
        givenRecord();
        String token = walk(null).token();
        int calls = calls();

        SyncTokenExpiredException expired = catchThrowableOfType(
                SyncTokenExpiredException.class,
                () -> ((DetectsChanges) connector()).listChanges(call(), shapeWithFewerFields(), token));

        assertThat(expired).isNotNull();
        assertThat(calls()).isEqualTo(calls);
    }

    @Test
    default void anOwnWriteIsToldWithTheVersionThatTheWriteAnswered() {
        String id = givenRecord();
        String token = walk(null).token();

        RemoteRecord after = ((WritesRecords) connector()).updateRecord(call(), shape(), readRecord(id), change());

        assertThat(walk(token).only(id))
                .isEqualTo(new RecordChange(after.ref(), false, after.version(), after.values()));
    }

    @Test
    default void asksTheGuardBeforeEveryPage() {
        givenRecord();
        CallContext lost = new CallContext(call().correlationId(), Priority.SWEEP, () -> {
            throw new LeaseLostException("The lease is lost.");
        });
        int calls = calls();

        LeaseLostException stopped = catchThrowableOfType(
                LeaseLostException.class, () -> ((DetectsChanges) connector()).listChanges(lost, shape(), null));

        assertThat(stopped).isNotNull();
        assertThat(calls()).isEqualTo(calls);
    }
}
