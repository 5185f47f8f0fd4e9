"""A piece of real-looking code in every language, with strings, calls, loops and accents, and no comments."""

CODE = {
    "python": """\
async def read(self, path: str, *names, limit=10, **rest) -> list[int]:
    found = [f"é {n!r}" for n in names if n not in rest and len(n) < limit]
    with open(path) as file, lock:
        for i, line in enumerate(file):
            if not line.strip():
                continue
            elif line == 'שלום':
                found += [i]
            else:
                yield -i ** 2, "a" "b", {"k": lambda x: x + 1}
    try:
        pass
    except (ValueError, KeyError) as error:
        raise RuntimeError('x') from error
    return found[1:, ...]
""",
    "javascript": """\
async function load(url, { retries = 3, ...rest } = {}) {
  for (let i = 0; i < retries; i++) {
    try {
      const answer = await fetch(`${base}/${url}?q=1`, rest);
      if (!answer.ok) throw new Error('no "answer" 😀');
      return answer?.data ?? /a+b/gi.test(url);
    } catch (error) { console.log(error, a => a * 2) }
  }
}
""",
    "go": """\
func (s *Server) Handle(name string, xs ...int) (map[string]int, error) {
	out := make(map[string]int, len(xs))
	for i, x := range xs {
		if x > 0 && i != 2 {
			out[name+"é"] += x
		}
	}
	defer func() { s.mu.Unlock() }()
	switch name {
	case `raw`:
		return nil, fmt.Errorf("bad %s", name)
	}
	return out, nil
}
""",
    "java": """\
@Override
public <T extends Comparable<T>> List<T> sort(final List<T> items, int n) throws IOException {
    for (int i = 0; i < n; i++) {
        if (items.get(i) == null) { throw new IOException("null é at " + i); }
    }
    items.forEach(x -> log.info('c', x));
    return items.isEmpty() ? null : items;
}
""",
    "c": """\
static int parse(const char *s, struct node **out)
{
    int n = 0;
    while (*s && n < 10) {
        switch (*s++) {
        case 'a': n += 1; break;
        default: printf("é %d\\n", n);
        }
    }
    (*out)->value[n] = (size_t)n & 0xffUL;
    return n ? -1 : sizeof(int);
}
""",
    "cpp": """\
template <typename T>
std::vector<T> merge(const std::vector<T>& a, std::vector<T>&& b) noexcept {
    auto f = [&](T x) -> bool { return x > a.size(); };
    for (const auto& x : b) { if (f(x)) out.push_back(std::move(x), "é", 'c'); }
    return out;
}
""",
    "rust": """\
pub fn find<'a>(&'a self, key: &str, mut n: usize) -> Option<&'a Vec<u8>> {
    let x = match self.map.get(key) {
        Some(v) if n > 0 => v,
        None => return None,
        _ => { n += 1; panic!("é {}", n) }
    };
    for i in 0..n { println!("{}", i as f64 + 1.5); }
    Some(&x)
}
""",
    "ruby": """\
def find(name, *rest, key: :id, &block)
  rest.each do |item|
    next unless item.valid? && item.name =~ /a#{name}b/
    puts "é #{name} and #{item[:id]}"
  end
  @cache ||= { 'a' => 1, b: nil }
  return yield(self) if block_given?
end
""",
    "php": """\
public static function find(int $id, ?string $name = null): array
{
    foreach ($this->items as $key => $item) {
        if ($item->id === $id && !isset($seen[$key])) {
            return ['a' => "é $name", 'b' => self::MAX + 1.5];
        }
    }
    throw new \\Exception('none');
}
""",
    "typescript": """\
private async find<T extends Base>(id: number, names?: string[]): Promise<T | undefined> {
    const found = <T>this.items.find((x: T): boolean => x.id === id);
    return found!.name + 'é' as unknown as T;
}
""",
    "tsx": """\
function Row({ name, n = 1 }: Props): JSX.Element {
  return <td className="a" onClick={() => pick(name)}>é {n} <b/></td>;
}
""",
    "csharp": """\
public static async Task<List<string>> Find<T>(this IEnumerable<T> items, int n = 0) where T : class
{
    foreach (var item in items) { if (item is null) continue; names.Add($"é {item}"); }
    return await Task.Run(() => names ?? throw new Exception("none"));
}
""",
}
