"""Writes the made-up trace of the tests: when 30 telephones are charged, in rounds of an hour.

    python3 tests/data/devices.py > tests/data/devices.csv

Each is charged in most nights of a week, and in some afternoons; one only on a Sunday.
"""

import random

DAYS = 7
random.seed(5)
print("device,from,to")
for phone in range(29):
    evening = random.gauss(22, 2)
    for day in range(DAYS):
        if random.random() < 0.85:
            begin = round(24 * day + evening + random.gauss(0, 1))
            end = begin + round(random.uniform(4, 9))
            if begin < 24 * DAYS:
                print(f"phone-{phone},{max(begin, 0)},{min(end, 24 * DAYS)}")
        if random.random() < 0.2:
            begin = 24 * day + random.randint(12, 16)
            print(f"phone-{phone},{begin},{begin + 2}")
print(f"phone-29,{24 * DAYS - 14},{24 * DAYS}")
