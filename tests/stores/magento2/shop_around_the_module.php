<?php
// Runs the module in a shop in memory: the few classes of Magento it touches stand below, everything else it names is
// an empty class or interface. Argument: the module's folder. Prints what happened as JSON.
declare(strict_types=1);

namespace Magento\Sales\Model {
    class Order
    {
        public const STATE_CANCELED = 'canceled';
        public function __construct(private array $now, private array $before, private array $items = []) {}
        public function getState(): ?string { return $this->now['state'] ?? null; }
        public function getEntityId(): int { return $this->now['entity_id']; }
        public function getRelationParentId(): ?string { return $this->now['relation_parent_id'] ?? null; }
        public function getOrigData(string $name): mixed { return $this->before[$name] ?? null; }
        public function getQtyCanceled(): float { return (float) ($this->now['qty_canceled'] ?? 0); }
        public function getItems(): array { return $this->items; }
    }
}

namespace {
    if (!function_exists('mb_substr')) {
        function mb_substr(string $text, int $from, int $length): string { return substr($text, $from, $length); }
    }
    spl_autoload_register(static function (string $name): void {
        global $argv;
        if (str_starts_with($name, 'Idealo\\Connector\\')) {
            require $argv[1] . '/' . strtr(substr($name, 17), '\\', '/') . '.php';
            return;
        }
        $at = strrpos($name, '\\');
        $kind = str_ends_with($name, 'Interface') ? 'interface' : 'class';
        $parent = str_ends_with($name, 'Exception') ? ' extends \\Exception' : '';
        $space = $at === false ? '' : 'namespace ' . substr($name, 0, $at) . '; ';
        eval($space . $kind . ' ' . substr($name, $at === false ? 0 : $at + 1) . $parent . ' {}');
    });
}

namespace Shop {
    use Idealo\Connector\Model;
    use Idealo\Connector\Observer;
    use Idealo\Connector\Wire;

    /** Tables as arrays; a select collects its conditions and is carried out when rows are fetched. */
    class Tables implements \Magento\Framework\DB\Adapter\AdapterInterface
    {
        public array $rows = ['idealo_connector_outbox' => [], 'sales_order' => []];
        public bool $broken = false;
        public function select(): Select { return new Select(); }
        public function insert(string $table, array $row): void
        {
            if ($this->broken) { throw new \RuntimeException('table is gone'); }
            $id = count($this->rows[$table]) + 1;
            $this->rows[$table][$id] = ['id' => $id, 'status' => 'waiting', 'attempts' => 0, ...$row];
        }
        public function update(string $table, array $changes, array $where): void
        {
            foreach ($this->matching($table, $where) as $id => $row) { $this->rows[$table][$id] = [...$row, ...$changes]; }
        }
        public function delete(string $table, array $where): void
        {
            $this->rows[$table] = array_diff_key($this->rows[$table], $this->matching($table, $where));
        }
        public function fetchAll(Select $s): array
        {
            return array_values(array_slice($this->matching($s->table, $s->where), 0, $s->limit));
        }
        public function fetchRow(Select $s): array|false { return $this->fetchAll($s)[0] ?? false; }
        public function fetchOne(Select $s): int { return count($this->fetchAll($s)); }
        private function matching(string $table, array $where): array
        {
            return array_filter($this->rows[$table], static function (array $row) use ($where): bool {
                foreach ($where as $condition => $value) {
                    [$column, $sign] = explode(' ', $condition);
                    $fits = ['=' => $row[$column] == $value, '<' => $row[$column] < $value, '<=' => $row[$column] <= $value];
                    if (!$fits[$sign]) { return false; }
                }
                return true;
            });
        }
    }
    class Select
    {
        public string $table = '';
        public array $where = [];
        public int $limit = 1000;
        public function from(string $table, array $columns = []): self { $this->table = $table; return $this; }
        public function where(string $condition, mixed $value): self { $this->where[$condition] = $value; return $this; }
        public function order(string $by): self { return $this; }
        public function limit(int $n): self { $this->limit = $n; return $this; }
    }
    class Db extends \Magento\Framework\App\ResourceConnection
    {
        public function __construct(public Tables $tables) {}
        public function getConnection(string $name): Tables { return $this->tables; }
        public function getTableName(string $table, string $connection): string { return $table; }
    }
    class Config implements
        \Magento\Framework\App\Config\ReinitableConfigInterface,
        \Magento\Framework\App\Config\Storage\WriterInterface,
        \Magento\Framework\Encryption\EncryptorInterface,
        \Magento\Framework\App\Cache\TypeListInterface
    {
        public array $kept = [];
        public function getValue(string $path): ?string { return $this->kept[$path] ?? null; }
        public function isSetFlag(string $path): bool { return ($this->kept[$path] ?? '0') === '1'; }
        public function save(string $path, string $value): void { $this->kept[$path] = $value; }
        public function encrypt(string $secret): string { return '0:3:' . strrev($secret); }
        public function decrypt(string $sealed): string { return strrev(substr($sealed, 4)); }
        public function cleanType(string $type): void {}
        public function reinit(): void {}
    }
    class Net extends \Magento\Framework\HTTP\Client\CurlFactory
    {
        public array $sent = [];
        public array $answers = [202];
        public function create(): Client { return new Client($this); }
    }
    class Client
    {
        private array $headers = [];
        private int $status = 0;
        public function __construct(private Net $net) {}
        public function setTimeout(int $seconds): void {}
        public function addHeader(string $name, string $value): void { $this->headers[strtolower($name)] = $value; }
        public function post(string $url, string $body): void
        {
            $this->net->sent[] = ['url' => $url, 'headers' => $this->headers, 'body' => $body];
            $this->status = count($this->net->answers) > 1 ? array_shift($this->net->answers) : $this->net->answers[0];
            if ($this->status === 0) { throw new \Exception('Operation timed out after 5000 milliseconds'); }
        }
        public function getStatus(): int { return $this->status; }
    }
    class Clock extends \Magento\Framework\Stdlib\DateTime\DateTime
    {
        public int $now = 1767225600;
        public function gmtTimestamp(): string { return (string) $this->now; }
    }
    class Ids extends \Magento\Framework\DataObject\IdentityService
    {
        private int $n = 0;
        public function generateId(): string { return sprintf('00000000-0000-4000-8000-%012d', ++$this->n); }
    }
    class Around implements
        \Magento\Store\Model\StoreManagerInterface,
        \Magento\Framework\App\ProductMetadataInterface,
        \Magento\Framework\Notification\NotifierInterface,
        \Psr\Log\LoggerInterface
    {
        public array $notices = [];
        public array $errors = [];
        public function getStore(int $id): self { return $this; }
        public function getCode(): string { return 'de'; }
        public function getVersion(): string { return '2.4.8'; }
        public function addMajor(string $title, string $text): void { $this->notices[] = $text; }
        public function error(string $text): void { $this->errors[] = $text; }
    }
    class Seen extends \Magento\Framework\Event\Observer
    {
        public function __construct(private array $data) {}
        public function getEvent(): self { return $this; }
        public function getData(string $name): object { return $this->data[$name]; }
    }
    class Saved
    {
        public function __construct(private int $id, private int $orderId, private int $parentId = 0) {}
        public function getEntityId(): int { return $this->id; }
        public function getOrderId(): int { return $this->orderId; }
        public function getParentId(): int { return $this->parentId; }
    }

    class Shop
    {
        public Tables $tables;
        public Config $config;
        public Net $net;
        public Clock $clock;
        public Around $around;
        public Model\Outbox $outbox;
        public Model\Sender $sender;
        public Model\OutboxTable $table;
        public Model\Settings $settings;

        public function __construct()
        {
            [$this->tables, $this->config, $this->net] = [new Tables(), new Config(), new Net()];
            [$this->clock, $this->around] = [new Clock(), new Around()];
            $db = new Db($this->tables);
            $this->table = new Model\OutboxTable($db);
            $this->settings = new Model\Settings($this->config, $this->config, $this->config, $this->config);
            $this->settings->keep('https://bridge.example/hook', 'whsec_demo_0123456789abcdef', true);
            $this->outbox = new Model\Outbox($this->table, $this->settings, new Model\OrderFacts($db), new Wire\Payload(),
                new Ids(), $this->around, $this->clock, $this->around);
            $this->sender = new Model\Sender($this->table, $this->settings, new Wire\Signature(), new Wire\Backoff(),
                new Model\Platform($this->around), $this->net, $this->around, $this->clock);
            foreach ([[1, 'IDE1', 0], [2, '', 1], [3, '', 2], [4, '', 0], [5, '', 99]] as [$id, $idealo, $parent]) {
                $this->tables->rows['sales_order'][$id] = ['entity_id' => $id, 'increment_id' => "00000000$id",
                    'ext_order_id' => $idealo, 'relation_parent_id' => $parent, 'store_id' => 1];
            }
        }
        /** Orders that end in a chain which does not begin with idealo are nobody's. */
        public function saved(int $id, int $orderId): void
        {
            (new Observer\ShipmentSaved($this->outbox))->execute(new Seen(['shipment' => new Saved($id, $orderId)]));
        }
        public function order(array $now, array $before, array $items = []): void
        {
            $order = new \Magento\Sales\Model\Order($now, $before, $items);
            (new Observer\OrderSaved($this->outbox))->execute(new Seen(['order' => $order]));
        }
        public function rows(): array { return array_values($this->tables->rows['idealo_connector_outbox']); }
        public function column(string $name): array { return array_column($this->rows(), $name); }
        public function later(int $seconds): void { $this->clock->now += $seconds; }
    }

    $out = ['classes' => 0];
    foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator($argv[1])) as $file) {
        if ($file->getExtension() === 'php' && $file->getFilename() !== 'registration.php') {
            $name = 'Idealo\\Connector\\' . strtr(substr($file->getPathname(), strlen($argv[1]) + 1, -4), '/', '\\');
            $out['classes'] += class_exists($name) || interface_exists($name) ? 1 : 0;
        }
    }

    // What is noted.
    $s = new Shop();
    $s->saved(7, 1);
    $s->saved(7, 1);
    $s->saved(8, 4);
    $s->saved(9, 5);
    $track = new Seen(['track' => new Saved(3, 3, 7)]);
    (new Observer\TrackSaved($s->outbox))->execute($track);
    (new Observer\CreditmemoSaved($s->outbox))->execute(new Seen(['creditmemo' => new Saved(5, 1)]));
    $s->order(['entity_id' => 1, 'state' => 'new'], []);
    $s->order(['entity_id' => 1, 'state' => 'new'], ['state' => 'new']);
    $s->order(['entity_id' => 1, 'state' => 'canceled'], ['state' => 'new']);
    $part = new \Magento\Sales\Model\Order(['qty_canceled' => 1], ['qty_canceled' => '0.0000']);
    $s->order(['entity_id' => 1, 'state' => 'processing'], ['state' => 'processing'], [$part]);
    $s->order(['entity_id' => 2, 'state' => 'new', 'relation_parent_id' => '1'], []);
    $out['noted'] = array_map(static fn (array $r): array => [$r['event'], json_decode($r['body'], true)], $s->rows());
    $s->later(6);
    $s->saved(7, 1);
    $out['noted_again_later'] = count($s->rows()) - count($out['noted']);
    $s->tables->broken = true;
    $s->saved(11, 1);
    $out['logged'] = $s->around->errors;
    $s->tables->broken = false;
    $s->settings->switchTo(false);
    $before = count($s->rows());
    $s->saved(12, 1);
    $out['noted_while_off'] = count($s->rows()) - $before;

    // What is sent.
    $s = new Shop();
    $s->saved(7, 1);
    $s->sender->sendDue();
    $out['sent_before_its_time'] = count($s->net->sent);
    $s->later(10);
    $s->net->answers = [500, 202];
    $s->sender->sendDue();
    $out['after_500'] = $s->rows()[0];
    $s->later(60);
    $s->sender->sendDue();
    $out['after_202'] = $s->rows()[0];
    $out['attempts'] = $s->net->sent;
    $out['sealed'] = $s->config->kept['idealo_connector/webhook/secret'];
    $s->later(7 * 86400 + 1);
    $s->table->cleanUp($s->clock->now);
    $out['after_cleaning'] = count($s->rows());

    // Nobody answers.
    $s = new Shop();
    foreach ([7, 8, 9] as $id) { $s->saved($id, 1); }
    $s->later(10);
    $s->net->answers = [0];
    $s->sender->sendDue();
    $out['silent'] = [count($s->net->sent), $s->column('attempts')];
    for ($n = 0; $n < 3 * 8; $n++) { $s->later(86400); $s->sender->sendDue(); }
    $out['given_up'] = [$s->column('status'), $s->column('attempts'), $s->around->notices];

    // All refused at once: one notice.
    $s = new Shop();
    foreach ([7, 8, 9] as $id) { $s->saved($id, 1); }
    $s->net->answers = [401];
    for ($n = 0; $n < 7; $n++) { $s->later(86400); $s->sender->sendDue(); }
    $out['refused'] = [$s->column('status'), $s->around->notices];

    // The bridge has gone.
    $s = new Shop();
    foreach ([7, 8] as $id) { $s->saved($id, 1); }
    $s->later(10);
    $s->net->answers = [410];
    $s->sender->sendDue();
    $out['gone'] = [count($s->net->sent), $s->column('status'), $s->settings->enabled(), count($s->around->notices)];

    echo json_encode($out, JSON_THROW_ON_ERROR);
}
