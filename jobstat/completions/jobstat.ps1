# PowerShell completion for jobstat, written by: jobstat completion powershell

Register-ArgumentCompleter -Native -CommandName jobstat -ScriptBlock {
    param($word, $ast, $cursor)

    # $null stands for a path, which PowerShell completes itself.
    $values = @{
        'show --subdomain' = @{}
        'show --base-url' = @{}
        'show --results' = [ordered]@{
            'all' = 'all'
            'failed' = 'failed'
            'summary' = 'summary'
        }
        'show --color' = [ordered]@{
            'auto' = 'auto'
            'always' = 'always'
            'never' = 'never'
        }
        'watch --interval' = @{}
        'watch --timeout' = @{}
        'watch --retry-for' = @{}
        'watch --subdomain' = @{}
        'watch --base-url' = @{}
        'watch --results' = [ordered]@{
            'all' = 'all'
            'failed' = 'failed'
            'summary' = 'summary'
        }
        'watch --color' = [ordered]@{
            'auto' = 'auto'
            'always' = 'always'
            'never' = 'never'
        }
        'list --status' = [ordered]@{
            'queued' = 'queued'
            'working' = 'working'
            'completed' = 'completed'
            'failed' = 'failed'
            'killed' = 'killed'
            'items-failed' = 'items-failed'
        }
        'list --limit' = @{}
        'list --subdomain' = @{}
        'list --base-url' = @{}
        'list --color' = [ordered]@{
            'auto' = 'auto'
            'always' = 'always'
            'never' = 'never'
        }
        'retry-file --output' = $null
        'retry-file --batch' = @{}
        'retry-file --subdomain' = @{}
        'retry-file --base-url' = @{}
        'auth login --client-id' = @{}
        'auth login --email' = @{}
        'auth login --port' = @{}
        'auth login --timeout' = @{}
        'auth login --subdomain' = @{}
        'auth login --base-url' = @{}
        'auth status --subdomain' = @{}
        'auth status --base-url' = @{}
        'auth status --color' = [ordered]@{
            'auto' = 'auto'
            'always' = 'always'
            'never' = 'never'
        }
        'auth logout --subdomain' = @{}
        'auth logout --base-url' = @{}
        'demo --port' = @{}
        'demo --duration' = @{}
        'demo --failures' = @{}
        'demo --token-life' = @{}
        'demo --token-delay' = @{}
    }
    $options = @{
        '' = [ordered]@{
            '--version' = 'Show the version and exit'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'show' = [ordered]@{
            '--subdomain' = 'Subdomain of the account'
            '--base-url' = 'Full address of the account, instead of --subdomain'
            '--json' = 'Print Zendesk''s job object as JSON'
            '--csv' = 'Print the results of all jobs as one CSV table'
            '--results' = 'Which items to print'
            '-q' = 'Print nothing; only set the exit code'
            '--quiet' = 'Print nothing; only set the exit code'
            '--plain' = 'Print sentences for a screen reader, without signs'
            '--color' = 'When to use color'
            '--exit-zero' = 'Exit with 0 instead of 3, 6 or 8'
            '--debug' = 'Show a traceback with each error'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'watch' = [ordered]@{
            '--all' = 'Watch every unfinished job of the account'
            '--interval' = 'Minimum time between requests'
            '--timeout' = 'Stop watching after this time, with exit code 124'
            '--retry-for' = 'Retry temporary errors for up to this long after the last good answer'
            '--stream' = 'Print one line of JSON at each change of a job'
            '--fail-fast' = 'Exit as soon as any job fails; the others keep running'
            '--bell' = 'Ring the terminal''s bell at the end'
            '--subdomain' = 'Subdomain of the account'
            '--base-url' = 'Full address of the account, instead of --subdomain'
            '--json' = 'Print Zendesk''s job object as JSON'
            '--csv' = 'Print the results of all jobs as one CSV table'
            '--results' = 'Which items to print'
            '-q' = 'Print nothing; only set the exit code'
            '--quiet' = 'Print nothing; only set the exit code'
            '--plain' = 'Print sentences for a screen reader, without signs'
            '--color' = 'When to use color'
            '--exit-zero' = 'Exit with 0 instead of 3, 6 or 8'
            '--debug' = 'Show a traceback with each error'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'list' = [ordered]@{
            '--status' = 'List only jobs with this status'
            '--limit' = 'Maximum number of jobs'
            '--subdomain' = 'Subdomain of the account'
            '--base-url' = 'Full address of the account, instead of --subdomain'
            '--json' = 'Print Zendesk''s job object as JSON'
            '--color' = 'When to use color'
            '--debug' = 'Show a traceback with each error'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'retry-file' = [ordered]@{
            '--output' = 'Write files of at most --batch records to this directory'
            '--batch' = 'Maximum records in a file of --output'
            '--with-errors' = 'Add the errors'
            '--all-of-failed-jobs' = 'Write all records of a failed job that reports no items'
            '--subdomain' = 'Subdomain of the account'
            '--base-url' = 'Full address of the account, instead of --subdomain'
            '--debug' = 'Show a traceback with each error'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'auth' = [ordered]@{
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'auth login' = [ordered]@{
            '--client-id' = 'Log in with this OAuth client'
            '--with-secret' = 'Read the OAuth client''s secret from standard input'
            '--with-token' = 'Read an OAuth access token from standard input'
            '--email' = 'Read an API token of this user from standard input'
            '--port' = 'Port on 127.0.0.1 to which the browser returns, from 1 to 65535'
            '--timeout' = 'How long to wait for the browser'
            '--default' = 'Make this account the default'
            '--subdomain' = 'Subdomain of the account'
            '--base-url' = 'Full address of the account, instead of --subdomain'
            '--debug' = 'Show a traceback with each error'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'auth status' = [ordered]@{
            '--offline' = 'Don''t contact Zendesk'
            '--json' = 'Print a JSON object for each account'
            '--subdomain' = 'Subdomain of the account'
            '--base-url' = 'Full address of the account, instead of --subdomain'
            '--color' = 'When to use color'
            '--debug' = 'Show a traceback with each error'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'auth logout' = [ordered]@{
            '--subdomain' = 'Subdomain of the account'
            '--base-url' = 'Full address of the account, instead of --subdomain'
            '--debug' = 'Show a traceback with each error'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'demo' = [ordered]@{
            '--serve' = 'Keep the server running for your own jobs'
            '--port' = 'Port on 127.0.0.1, from 1 to 65535'
            '--duration' = 'Time that a job takes'
            '--failures' = 'Share of a job''s items that fail; at 100 the job fails'
            '--token-life' = 'Lifetime of OAuth access tokens'
            '--token-delay' = 'Delay before OAuth answers a token request'
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'completion' = [ordered]@{
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
        'help' = [ordered]@{
            '-h' = 'Show this message and exit'
            '--help' = 'Show this message and exit'
        }
    }
    $words = @{
        '' = [ordered]@{
            'show' = 'Show the status of jobs.'
            'watch' = 'Watch jobs until they finish.'
            'list' = 'List the account''s recent jobs.'
            'retry-file' = 'Write the records that failed, ready to send again.'
            'auth' = 'Log in to Zendesk accounts, and out of them.'
            'demo' = 'Run a sample job on a local fake Zendesk.'
            'completion' = 'Print the completion script of a shell.'
            'help' = 'Show a help topic, or the help of a command.'
        }
        'show' = @{}
        'watch' = @{}
        'list' = @{}
        'retry-file' = $null
        'auth' = [ordered]@{
            'login' = 'Log in to an account.'
            'status' = 'Show the accounts, and whether their logins work.'
            'logout' = 'Log out of an account.'
        }
        'auth login' = @{}
        'auth status' = @{}
        'auth logout' = @{}
        'demo' = @{}
        'completion' = [ordered]@{
            'bash' = 'bash'
            'zsh' = 'zsh'
            'fish' = 'fish'
            'powershell' = 'powershell'
        }
        'help' = [ordered]@{
            'auth' = 'auth'
            'environment' = 'environment'
            'exit-codes' = 'exit-codes'
            'failures' = 'failures'
            'output' = 'output'
            'polling' = 'polling'
            'scripting' = 'scripting'
            'show' = 'show'
            'watch' = 'watch'
            'list' = 'list'
            'retry-file' = 'retry-file'
            'demo' = 'demo'
            'completion' = 'completion'
            'help' = 'help'
        }
    }
    $command, $previous, $prefix = '', 'jobstat', ''
    foreach ($element in $ast.CommandElements | Select-Object -Skip 1) {
        if ($element.Extent.EndOffset -ge $cursor) { break }
        $previous = $element.Extent.Text
        $path = "$command $previous".Trim()
        if ($options.ContainsKey($path)) { $command = $path }
    }
    if ($word -match '^(--[a-z-]+)=') {
        $previous, $prefix = $Matches[1], $Matches[0]
    }
    if ($values.ContainsKey("$command $previous")) {
        $offers = $values["$command $previous"]
    } elseif ($word.StartsWith('-')) {
        $offers = $options[$command]
    } else {
        $offers = $words[$command]
    }
    if ($null -eq $offers) { return }
    $found = @($offers.Keys | Where-Object { "$prefix$_".StartsWith($word, 'Ordinal') })
    if (-not $found) { return '' }  # after no result, PowerShell completes paths
    foreach ($offer in $found) {
        [Management.Automation.CompletionResult]::new(
            "$prefix$offer", $offer, 'ParameterValue', $offers[$offer])
    }
}
