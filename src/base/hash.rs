//! Hash maps for keys that strangers choose: seeded per process, so that nobody can aim at one bucket.

/// A seeded hash map.
pub type Map<K, V> = hashbrown::HashMap<K, V, foldhash::fast::RandomState>;
/// A seeded hash set.
pub type Set<K> = hashbrown::HashSet<K, foldhash::fast::RandomState>;
/// The seed of one hash function, for tables that hash by hand.
pub type Seed = foldhash::fast::RandomState;
/// A hash table of values that hold their own keys; the caller hashes them with a [`Seed`].
pub type Table<T> = hashbrown::HashTable<T>;
