/**
 * Partner Center's referrals as a connector: reads, lists and writes referrals. It knows neither mapping
 * nor the CRMs. Wire facts: the Partner Center referrals API.
 */
@NullMarked
package org.cosellbridge.connector.partnercenter;

import org.jspecify.annotations.NullMarked;
