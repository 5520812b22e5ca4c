//! Days, and the dates that they have in the Gregorian calendar.

/// Days from the start of the calendar's arithmetic, 0000-03-01, to 1970-01-01, and an era more: so everything
/// from the year 0 on is positive, and divides without a second thought.
pub(super) const DAYS_BEFORE_1970: i32 = 719_468 + DAYS_PER_ERA;
const DAYS_PER_ERA: i32 = 146_097;
const YEARS_PER_ERA: i32 = 400;

/// Days since 1970-01-01. Years count from March, in eras of 400 years, which all have as many days.
pub(super) const fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = year + YEARS_PER_ERA - (month <= 2) as i32;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - DAYS_BEFORE_1970
}

/// The year, the month and the day, of the years 0 to 9999, from the days since [`DAYS_BEFORE_1970`].
pub(super) const fn civil_from_days(days: u32) -> (u32, u32, u32) {
    let (era, of_era) = (days / DAYS_PER_ERA as u32, days % DAYS_PER_ERA as u32);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = (shifted + 2) % 12 + 1;
    let year = era * YEARS_PER_ERA as u32 + year_of_era + (month <= 2) as u32;
    (year.wrapping_sub(YEARS_PER_ERA as u32), month, day)
}
